// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "repository/package_store.hpp"
#include "rootfs/assemble.hpp"
#include "support/atomic_file.hpp"
#include "support/cache_directory.hpp"

#include <filesystem>

namespace quern::rootfs {

/// A finished, read-only root tree. It stays in use (safe from `clean`) for as long as this lives.
struct CachedRoot {
    std::filesystem::path tree;
    std::string key;
    bool was_cached = false;
    FileLock in_use;
};

/// Root trees by content key below one directory: `<directory>/<key>/root`. Made once, renamed in
/// place when complete, shared by processes.
class LayerCache {
 public:
    explicit LayerCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

    Result<CachedRoot> prepare(
        const RootDescription& description,
        repository::PackageStore& store,
        const AssembleOptions& options,
        Reporter& reporter
    ) const;

    /// Removes trees that nobody uses, those not used for longest first, until the rest has at most
    /// `size_limit` bytes. Errors: io.
    Result<TrimReport> trim(std::uint64_t size_limit) const;

 private:
    std::filesystem::path directory_;
};

}  // namespace quern::rootfs
