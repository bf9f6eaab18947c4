// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"
#include "quern/package_file.hpp"
#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "support/cancel.hpp"
#include "support/thread_pool.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

struct StoreOptions {
    std::filesystem::path directory;  ///< content-addressed, shared by processes
    bool offline = false;
};

/// Packages on this machine, by identity. Files of local repositories are used where they lie;
/// remote ones are downloaded once.
class PackageStore {
 public:
    PackageStore(StoreOptions options, fetch::Fetcher& fetcher);

    /// Opens the package that `selected` names and checks its control section against the index
    /// entry (name, version, identity). The data section of an object of the store is checked here
    /// too, and one that is damaged is fetched again; that of a local repository is checked by who
    /// reads it (PackageFile::read_data). Errors: network, not_found, digest_mismatch (names the
    /// link of the chain), invalid_data. Thread safety: all methods.
    Result<apk::PackageFile> open(const Selected& selected);
    /// Brings all of them here, in parallel, with progress.
    Result<void> prefetch(
        std::span<const Selected> packages,
        ThreadPool& pool,
        Reporter& reporter,
        const CancelToken& cancel
    );

 private:
    Result<apk::PackageFile> open_local(const Selected& selected) const;
    Result<apk::PackageFile> download(const Selected& selected, const std::filesystem::path& path)
        const;

    StoreOptions options_;
    fetch::Fetcher& fetcher_;
};

}  // namespace quern::repository
