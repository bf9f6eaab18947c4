// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/atomic_file.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

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
    std::uint64_t removed = 0;  ///< files, or trees
    std::uint64_t bytes = 0;    ///< freed
    std::uint64_t kept_bytes = 0;
    std::uint64_t in_use = 0;  ///< would have gone, if nobody used them
};

/// Removes files that lie in `directory` itself, those not used for longest first (by access or
/// change of the content, whichever is later; then by name), until the rest has at most
/// `size_limit` bytes. What a killed process left half written - names that begin with a dot, older
/// than a day - goes first and always. Who has a removed file open keeps it. Errors: io.
Result<TrimReport> trim(const std::filesystem::path& directory, std::uint64_t size_limit);

/// A directory that is one thing in a cache, and the file whose lock says that it is in use.
struct CacheTree {
    std::filesystem::path path;
    std::filesystem::path lock;
};

/// Marks a tree as used now and keeps it from `trim_trees` for as long as the lock lives. Errors:
/// io.
Result<FileLock> use_tree(const std::filesystem::path& lock, FileLock::Mode mode);

/// Removes trees that nobody uses, those not used for longest first (by `use_tree`, or the change
/// of the directory), until the rest has at most `size_limit` bytes. They vanish under their names
/// at once. Files of locks stay: somebody may wait for one. Errors: io.
Result<TrimReport> trim_trees(const std::vector<CacheTree>& trees, std::uint64_t size_limit);

}  // namespace quern
