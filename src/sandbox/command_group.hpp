// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/sandbox.hpp"
#include "support/handle.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {
struct ExitStatus;
}

namespace quern::sandbox {

/// Where control groups of commands can be made, from the texts of /proc/self/cgroup and the
/// mounted hierarchies below `root` ("/sys/fs/cgroup"): for the controller ("memory", "pids",
/// "cpu") one directory or several to try, the nearest first. Source: cgroups(7).
std::vector<std::filesystem::path> group_parents(
    std::string_view own_groups, const std::filesystem::path& root, std::string_view controller
);

/// Control groups that hold one command, each with what it bounds. Gone with this object.
class CommandGroup {
 public:
    /// With what can be made here; empty where nothing can. Takes away what killed processes left.
    static CommandGroup create(const Limits& limits);
    CommandGroup(CommandGroup&&) noexcept = default;
    CommandGroup& operator=(CommandGroup&&) noexcept = default;
    ~CommandGroup();

    /// A process that writes "0" to each becomes a member.
    std::vector<int> entrances() const;
    bool holds_memory() const { return !memory_.empty(); }
    /// Its path in the hierarchies, for programs that make groups themselves; empty if there is
    /// none.
    const std::string& path() const { return path_; }
    /// The result of the command, or why it failed: errors: limit, whose help names the flag.
    Result<ExitStatus> judge(const ExitStatus& status, const Limits& limits) const;

 private:
    CommandGroup() = default;
    bool add(std::string_view controller, const std::vector<std::pair<const char*, std::string>>&);
    std::string name_;  ///< of each of the directories
    std::string path_;
    std::vector<std::filesystem::path> directories_;
    std::vector<UniqueFd> entrances_;
    std::filesystem::path memory_;
    std::filesystem::path pids_;
};

/// What to say of a command that was killed for want of memory: ErrorCode::limit.
Error memory_error(const Limits& limits);

/// What a process that is about to become the command sets for itself, in async-signal-safe calls:
/// the bounds that need no control group.
struct OwnLimits {
    std::uint64_t data_bytes = 0;  ///< private writable memory of each process; 0: none
    std::uint32_t processes = 0;
    std::uint32_t processors = 0;  ///< 0: all

    static OwnLimits of(const Limits& limits, const CommandGroup& group);
    void apply() const noexcept;
};

}  // namespace quern::sandbox
