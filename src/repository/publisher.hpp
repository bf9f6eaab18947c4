// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"
#include "quern/keyring.hpp"
#include "quern/package_file.hpp"
#include "support/thread_pool.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

struct PublishOptions {
    const apk::Signer* key = nullptr;  ///< the index is unsigned without
    bool update_index = true;          ///< --generate-index
};

/// One finished package in a staging directory on the same file system as the repository.
struct StagedPackage {
    std::filesystem::path path;
    apk::IndexEntry entry;
    /// How it was made, published beside it (`apk::provenance_suffix`). Empty: none; that of other
    /// bytes of the same name goes.
    std::filesystem::path provenance = {};
};

/// Makes packages and the index that names them visible in `<repository>/<architecture>/`.
/// Publishers to one repository take turns (a lock on its directory). A kill at any instant leaves
/// an index whose every entry fits the file that it names; what it leaves beside the directory
/// (`.quern-<architecture>.*`) goes with the next call. Staged files are moved; one with the bytes
/// that are published already is removed, its provenance replaced. Without `update_index` an entry
/// of a replaced file is left as it is. Errors: io, invalid_data (the existing index is damaged),
/// signature (the existing index says that it is signed by `key` and is not).
Result<void> publish(
    const std::filesystem::path& repository,
    std::string_view architecture,
    std::vector<StagedPackage> packages,
    const PublishOptions& options
);

struct IndexPackagesOptions {
    std::string architecture = {};      ///< others are skipped with a warning; empty takes all
    bool merge = false;                 ///< keep what the source index has
    std::filesystem::path source = {};  ///< index to merge into
    const apk::Signer* key = nullptr;
    bool verify = false;  ///< read all packages whole, also those that look as they did
    std::vector<std::string> removed = {};  ///< entries to drop: NAME or NAME=VERSION
    std::size_t keep_versions = 0;  ///< the newest so many of each name, and what they need; 0: all
    bool delete_files = false;      ///< of entries that were dropped, afterwards
    bool writes_v3 = false;         ///< Packages.adb beside the index, for apk 3
    std::string repository_url = {};  ///< with it index.html is written beside the index
    apk::PackageLimits package_limits = {};
    apk::IndexLimits index_limits = {};
};

struct IndexPackagesReport {
    std::vector<std::string> warnings;  ///< skipped files, spared versions; one a line
    std::vector<std::string> dropped;   ///< file names of entries that are gone
    std::size_t read = 0;               ///< packages whose control section was read
};

/// `quern index`: writes `output` atomically from package files; of directories their `*.apk`. Only
/// control sections are read, in parallel; a package whose file has the size, time and inode that
/// it had is not read again if the source index still has its entry (what is known lies in
/// `.quern-<directory>.files` beside the index's directory). Takes turns with publishers to the
/// same directory. Errors: io, not_found, invalid_data, limit; signature (the source says that it
/// is signed by `key` and is not).
Result<IndexPackagesReport> index_packages(
    const std::filesystem::path& output,
    std::span<const std::filesystem::path> packages,
    const IndexPackagesOptions& options,
    ThreadPool& pool
);

}  // namespace quern::repository
