// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "sandbox/command_group.hpp"
#include "support/handle.hpp"

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// A command to be run with chroot, with all that its process sets for itself.
struct ChrootSpawn {
    std::string root;
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    std::string working_directory;
    std::vector<std::pair<int, int>> descriptors;  ///< {ours, the child's number}: 0, 1 and 2
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint64_t capabilities = 0;
    int namespaces = 0;  ///< CLONE_NEW… flags
    std::string hostname = "localhost";
    OwnLimits limits;
    std::vector<int> groups;
    std::vector<sock_filter> filter;
    /// Stands in the filter for the number of the warden; none of a process.
    static constexpr pid_t warden_number = 0x7FFF'FFFF;
    bool own_terminal = false;
};

/// A process of ours that waits for the command, then ends all that is left of it, and exits with
/// the command's status (128 + n for signal n). It also ends all when `life` is closed or TERM
/// comes.
struct ChrootProcess {
    pid_t warden = -1;
    UniqueFd life;
};

/// Errors: sandbox (names the step that failed).
Result<ChrootProcess> spawn_chroot(const ChrootSpawn& spawn);

}  // namespace quern::sandbox
