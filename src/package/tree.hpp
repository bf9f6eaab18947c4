// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"
#include "support/timestamp.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quern::package {

/// Names of the guest's accounts by guest id, and the one whose files become root's.
struct Owners {
    std::map<std::uint32_t, std::string> users;
    std::map<std::uint32_t, std::string> groups;
    std::uint32_t build_uid = 1000;
    std::uint32_t build_gid = 1000;

    /// From the text of etc/passwd and etc/group; bad lines are passed over.
    static Owners parse(std::string_view passwd, std::string_view group);
};

/// A finished package tree as it will be packed: entries in walk order with owners, modes, link
/// targets and extended attributes settled.
struct Tree {
    std::vector<archive::TarEntry> entries;
    /// Index into `entries` of the first name of the same inode, for hard links.
    std::uint64_t installed_size =
        0;  ///< files once an inode and link targets; directories count nothing
};

struct TreeOptions {
    GuestIds ids;
    Timestamp timestamp;
    std::map<std::string, std::string> capabilities;  ///< path → security.capability value (setcap)
};

/// Walks what a build left below `root`. Nothing in it is trusted: names and targets are checked,
/// sockets and FIFOs refused, hard links to outside are files. Errors: invalid_data (names the
/// path), io.
Result<Tree> read_tree(const FileTree& root, const Owners& owners, const TreeOptions& options);

}  // namespace quern::package
