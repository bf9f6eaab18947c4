// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"
#include "quern/image.hpp"
#include "quern/keyring.hpp"
#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "repository/package_store.hpp"
#include "support/cancel.hpp"
#include "support/file_reader.hpp"
#include "support/thread_pool.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quern::image {

/// What making an image needs of its surroundings. Everything outlives it.
struct Services {
    Reporter& reporter;
    const CancelToken& cancel;
    ThreadPool& pool;
    const FileReader& reader;
    fetch::Fetcher& fetcher;
    repository::PackageStore& packages;
    std::filesystem::path cache;
    apk::IndexLimits index_limits = {};
};

/// Repositories and keys that are given beside the image file, and how long choosing from them may
/// take.
struct Additions {
    std::vector<std::string> build_repositories;  ///< -b
    std::vector<std::string> repositories;        ///< -r: they are in the image too
    std::vector<std::string> keyring;             ///< -k
    bool ignore_signatures = false;
    std::chrono::seconds resolve_timeout{10};
};

/// Where packages come from.
struct Sources {
    std::vector<repository::Location> locations;  ///< in byte order of the lines, each once
    std::map<std::string, std::string> keys;      ///< file name → PEM
    apk::Keyring keyring;
    bool ignore_signatures = false;
    std::chrono::seconds resolve_timeout{10};
};

/// The repositories of a build and its keys, fetched where they are URLs. Errors: usage (no
/// repository), not_found, network, invalid_data (no key).
Result<Sources> gather_sources(
    const Contents& contents, const Additions& additions, const Services& services
);

/// The lines of the image's /etc/apk/repositories. What was needed to read repositories at build
/// time (user names, passwords, tokens in URLs) stays out; `runtime_repositories`, which are
/// written for the image alone, are as they were given.
std::vector<std::string> image_repositories(const Contents& contents, const Additions& additions);

/// The indexes of one architecture. Errors: as repository::read_indexes.
Result<std::vector<repository::RepositoryIndex>> read_indexes(
    const Sources& sources, const std::string& architecture, const Services& services
);

/// Where the cache has layers by their digest.
std::filesystem::path layer_directory(const Services& services);

/// The file name of a key that is at a path or URL.
std::string key_name(const std::string& place);

/// Sorted, each once.
std::vector<std::string> sorted_set(std::vector<std::string> texts);

}  // namespace quern::image
