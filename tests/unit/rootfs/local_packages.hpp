// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/content_store.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/http.hpp"
#include "quern/repository.hpp"
#include "repository/package_store.hpp"
#include "rootfs/assemble.hpp"
#include "support/cancel.hpp"
#include "support/temp_dir.hpp"
#include "support/thread_pool.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/apk/test_packages.hpp"

#include <filesystem>
#include <vector>

namespace quern::test {

/// A directory with packages, and what it takes to make root trees of them.
struct LocalPackages {
    LocalPackages();

    /// Writes the package and chooses it as the next to install.
    void add(RawPackage raw);
    std::filesystem::path file_of(std::size_t number) const;
    rootfs::AssembleOptions options();

    TempDir directory;
    rootfs::RootDescription description;
    CancelToken cancel;
    fetch::HttpClient http;
    fetch::ContentStore content;
    fetch::Fetcher fetcher;
    repository::PackageStore store;
    ThreadPool pool;
    RecordingReporter reporter;
};

}  // namespace quern::test
