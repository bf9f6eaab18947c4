// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "repository/package_store.hpp"
#include "support/cancel.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"
#include "support/thread_pool.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quern::rootfs {

struct User {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string shell;  ///< empty: /bin/sh
    std::string home;   ///< empty: /home/<name>
};

struct Group {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
};

enum class PathType { directory, empty_file, hard_link, symlink, permissions };

struct PathMutation {
    std::string path;
    PathType type = PathType::permissions;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t permissions = 0;
    std::string source = {};
    bool recursive = false;
};

/// All that decides what a root tree holds.
struct RootDescription {
    std::string architecture;
    std::vector<repository::Selected> packages;  ///< in install order
    std::vector<std::string> world;              ///< etc/apk/world
    std::vector<std::string> repositories;       ///< etc/apk/repositories
    std::map<std::string, std::string> keys;     ///< etc/apk/keys: file name → PEM
    std::vector<User> users;
    std::vector<Group> groups;
    std::vector<PathMutation> paths;

    /// Hex SHA-256 over all of the above and the version of this code: same key, same tree.
    std::string cache_key() const;
};

struct AssembleOptions {
    GuestIds owner;
    ThreadPool* pool = nullptr;
    const CancelToken* cancel = nullptr;
};

struct AssembleReport {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// Unpacks the packages below `root` (empty), checks every hash on the way, writes the installed
/// database, busybox links and accounts, applies the paths. Runs no script. Source:
/// image-and-resolver 4; apk-format 4. Errors: digest_mismatch, invalid_data, io; a file that two
/// packages own differently names both.
Result<AssembleReport> assemble(
    const FileTree& root,
    const RootDescription& description,
    repository::PackageStore& store,
    const AssembleOptions& options,
    Reporter& reporter
);

}  // namespace quern::rootfs
