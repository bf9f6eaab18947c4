// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"

#include <cstdint>
#include <string>

namespace quern::archive {

/// Bounds for archives from outside; each has a flag of the same name on the command line
/// (--max-archive-entries and so on).
struct ExtractLimits {
    std::uint64_t entries = 2'000'000;
    std::uint64_t total_bytes = std::uint64_t{64} << 30U;
    std::uint64_t file_bytes = std::uint64_t{16} << 30U;
    std::uint64_t ratio = 2000;  ///< of unpacked to packed bytes, looked at once 64 MiB came out
};

struct ExtractOptions {
    std::uint32_t strip_components = 0;  ///< leading parts dropped from every path; entries that
                                         ///< have no more are skipped (as tar does)
    GuestIds owner = {};  ///< everything belongs to guest id 0: owners in the archive are ignored
    ExtractLimits limits = {};
    const CancelToken* cancel = nullptr;
};

struct ExtractReport {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
};

/// Unpacks a foreign archive (tar or zip; plain, gz, xz, bz2, zstd, lz4, lzip) below `destination`,
/// whatever its name. Nothing is written outside: absolute paths and ".." are refused, links of the
/// archive are never followed outward, no device is made. Permission bits are kept (without setuid,
/// setgid, sticky; owner always may read and write), times are those of the archive.
/// Errors: invalid_data (not an archive, damaged, a path that leaves), limit (the message names the
/// flag), io, interrupted.
Result<ExtractReport> extract(
    int archive_fd, const FileTree& destination, const ExtractOptions& options
);

/// True if the first bytes of the file are those of an archive that `extract` reads.
Result<bool> is_archive(int archive_fd);

}  // namespace quern::archive
