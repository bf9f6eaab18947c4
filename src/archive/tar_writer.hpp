// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/tar_entry.hpp"

#include <cstdint>
#include <string_view>

namespace quern::archive {

/// How what does not fit a ustar header is written.
/// - package: as apk reads it. PAX records for a path, a link's target and what the entry itself
///   brings, in this order; numbers must fit.
/// - layer: as most image builders do, so that the same files are the same layer whoever made it.
///   Records for everything that does not fit or is not ASCII, by key; the extended header is
///   called DIRECTORY/PaxHeaders.0/NAME and has no date. Source: bytes that Go's archive/tar wrote.
enum class TarForm { package, layer };

/// Writes tar: POSIX ustar, a PAX `x` header only where it is needed. Same entries, same bytes.
/// Source: POSIX.1-2017 pax, "ustar Interchange Format"; apk-format 1.5.
class TarWriter {
 public:
    explicit TarWriter(ByteSink& sink, TarForm form = TarForm::package)
        : sink_(sink), form_(form) {}

    /// Starts an entry. For a file exactly `entry.size` bytes of `write_content` must follow before
    /// the next call. Errors: limit (a number that does not fit its octal field: in packages uid
    /// and gid 2097151, size 8 GiB), what the sink gives.
    Result<void> add(const TarEntry& entry);
    Result<void> write_content(std::string_view bytes);
    /// Header and content at once.
    Result<void> add(const TarEntry& entry, std::string_view content);
    /// Two zero blocks. Signature and control sections of a package must not have them (apk-format
    /// 1).
    Result<void> finish_with_end_blocks();
    /// Checks that the last entry is complete, writes nothing.
    Result<void> finish_without_end_blocks();

 private:
    Result<void> pad();
    ByteSink& sink_;
    TarForm form_;
    std::uint64_t remaining_ = 0;
    std::uint64_t padding_ = 0;
};

}  // namespace quern::archive
