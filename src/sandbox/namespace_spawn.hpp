// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "sandbox/command_group.hpp"
#include "support/handle.hpp"

#include <linux/filter.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// A copy of a mounted tree (or one file) that is attached nowhere yet.
struct DetachedTree {
    UniqueFd fd;
    bool is_directory = true;

    /// Errors: sandbox (names the path).
    static Result<DetachedTree> open(const std::filesystem::path& path);
};

/// A process that is put into namespaces before its program starts.
struct NamespaceSpawn {
    std::string program;  ///< absolute path
    std::vector<std::string> argv;
    std::vector<std::pair<int, int>>
        descriptors;                  ///< {ours, the child's number}; all others are closed
    std::vector<DetachedTree> trees;  ///< seen by the child as staged_path(0), staged_path(1)…
    /// Joined before the program starts, as 0 and `gid` of that namespace; else the program starts
    /// in ours.
    std::optional<int> user_namespace;
    gid_t gid = 0;
    std::vector<std::string> environment;  ///< "NAME=value"
    OwnLimits limits;
    std::vector<int> groups;    ///< control groups to enter: CommandGroup::entrances
    bool own_proc = false;      ///< /proc shows the child's processes only
    bool dies_with_us = false;  ///< killed when the thread that starts it ends
    /// Put on the program before it starts, if not empty. Its listener is sent to the other end of
    /// `listener_socket`; where there can be none, the program starts without the filter.
    std::vector<sock_filter> filter;
    int listener_socket = -1;
    /// Standard input is a terminal that becomes the controlling one of a session of its own.
    bool own_terminal = false;
};

/// Where the child sees trees: in a file system of its own mount namespace, so that a guest's root
/// reaches them although it may not pass through the user's directories.
std::string staged_path(std::size_t index);

/// Starts the program with the named environment, umask 022, default signal handling, no core
/// dumps, no supplementary groups and a keyring of its own. Errors: sandbox (names the step that
/// failed).
Result<pid_t> spawn_in_namespace(const NamespaceSpawn& spawn);

}  // namespace quern::sandbox
