// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/gzip_reader.hpp"
#include "archive/tar_entry.hpp"
#include "archive/tar_reader.hpp"
#include "archive/ustar_block.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::archive {

/// Numbers that look random and are the same everywhere.
class SampleNumbers {
 public:
    explicit SampleNumbers(std::uint64_t seed) : state_(seed * 2 + 1) {}
    std::uint64_t next();
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
    std::uint64_t state_;
};

/// Text of words from a small list: compresses as source code does.
std::string sample_text(std::size_t size, std::uint64_t seed);
/// Bytes that do not compress.
std::string sample_noise(std::size_t size, std::uint64_t seed);

TarEntry file_entry(std::string path, std::uint64_t size);

/// A header as somebody else may have written it; the caller may spoil it and must close it with
/// `set_checksum`.
UstarBlock raw_header(std::string_view name, char type, std::uint64_t size);
/// Header, content and padding.
std::string raw_member(UstarBlock block, std::string_view content);
inline std::string raw_member(std::string_view name, char type, std::string_view content = {}) {
    return raw_member(raw_header(name, type, content.size()), content);
}
/// A symbolic or hard link.
std::string raw_link(std::string_view name, char type, std::string_view target);
/// Two zero blocks.
std::string end_blocks();

/// A member of a zip archive that `make_zip` stores.
struct ZipMember {
    std::string name;
    std::string content;
    std::uint32_t mode = 0100644;  ///< of the external attributes, as Unix has it
    std::optional<std::int32_t>
        mtime;  ///< in an "extended timestamp" field; else only 2001-02-03 04:05:06 as DOS has it
};
std::string make_zip(const std::vector<ZipMember>& members);

/// All entries of a tar stream with their content.
Result<std::vector<std::pair<TarEntry, std::string>>> read_tar(
    std::string_view bytes, const TarLimits& limits = {}
);

/// Gives at most `piece` bytes at a time.
class SlowSource final : public ByteSource {
 public:
    SlowSource(std::string_view bytes, std::size_t piece) : source_(bytes), piece_(piece) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        return source_.read(buffer.first(std::min(buffer.size(), piece_)));
    }

 private:
    StringSource source_;
    std::size_t piece_;
};

}  // namespace quern::archive
