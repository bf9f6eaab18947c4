// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/tar_entry.hpp"

#include <cstdint>
#include <string_view>

namespace quern::archive {

/// Writes tar as apk reads it: POSIX ustar, a PAX `x` header only where it is needed (records, a
/// path over what ustar holds, a link target over 100 bytes), names and numbers otherwise in the
/// ustar header. Same entries, same bytes. Source: POSIX.1-2017 pax, "ustar Interchange Format";
/// apk-format 1.5.
class TarWriter {
 public:
    explicit TarWriter(ByteSink& sink) : sink_(sink) {}

    /// Starts an entry. For a file exactly `entry.size` bytes of `write_content` must follow before
    /// the next call. Errors: limit (a number that does not fit its octal field: uid and gid
    /// 2097151, size 8 GiB), what the sink gives.
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
    std::uint64_t remaining_ = 0;
    std::uint64_t padding_ = 0;
};

}  // namespace quern::archive
