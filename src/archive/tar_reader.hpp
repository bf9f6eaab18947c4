// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/tar_entry.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quern::archive {

class UstarBlock;

/// Bounds on what a reader takes from an archive that it does not trust.
struct TarLimits {
    std::uint64_t entries = 4'000'000;
    std::uint64_t pax_bytes = 1U << 20U;                   ///< of one extended header
    std::uint64_t path_bytes = 4096;                       ///< of one path or link target
    std::uint64_t total_bytes = std::uint64_t{64} << 30U;  ///< of content
};

/// Reads the tar dialects that apk packages and indexes are made of, in one pass. A stream may end
/// without end blocks; behind them only zero bytes may follow, and the source is read to its end.
/// It does not judge paths: whoever writes them to disk must. Refused because readers disagree
/// about them: content of anything but files, sparse files, numbers in base 256, unknown types. The
/// PAX times, ids and user names are left out of `TarEntry::records`.
class TarReader {
 public:
    explicit TarReader(ByteSource& source, const TarLimits& limits = {})
        : source_(source), limits_(limits) {}

    /// The next entry, nothing at the end; skips what was not read of the last one. Global (`g`)
    /// headers are skipped. Errors: invalid_data (not tar, truncated, bad number, header checksum),
    /// limit.
    Result<std::optional<TarEntry>> next();
    /// Content of the current entry; 0 at its end.
    Result<std::size_t> read(std::span<char> buffer);
    /// The rest of the current entry's content. Errors: limit when it is over `limit` bytes.
    Result<std::string> read_all(std::uint64_t limit);

 private:
    struct Extended;
    Result<bool> read_header(UstarBlock& block);
    Result<void> read_end();
    Result<bool> read_extension_block(const UstarBlock& block, Extended& extended);
    Result<void> decode_pax(std::string_view content, Extended& extended) const;
    Result<TarEntry> finish_entry(const UstarBlock& block, Extended& extended);
    ByteSource& source_;
    TarLimits limits_;
    std::uint64_t remaining_ = 0;
    std::uint64_t padding_ = 0;
    std::uint64_t entries_ = 0;
    std::uint64_t content_bytes_ = 0;
    bool at_end_ = false;
};

}  // namespace quern::archive
