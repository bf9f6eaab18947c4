// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <filesystem>

namespace quern {

/// What lies below a directory.
struct CacheUse {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;  ///< as stored: a file of several names counts once
};

/// Counts files of all kinds; what vanishes meanwhile does not count. A missing directory is empty.
/// Errors: io.
Result<CacheUse> measure(const std::filesystem::path& directory);

struct TrimReport {
    std::uint64_t removed = 0;  ///< files
    std::uint64_t bytes = 0;    ///< freed
    std::uint64_t kept_bytes = 0;
};

/// Removes files that lie in `directory` itself, those not used for longest first (by access or
/// change of the content, whichever is later; then by name), until the rest has at most
/// `size_limit` bytes. What a killed process left half written - names that begin with a dot, older
/// than a day - goes first and always. Who has a removed file open keeps it. Errors: io.
Result<TrimReport> trim(const std::filesystem::path& directory, std::uint64_t size_limit);

}  // namespace quern
