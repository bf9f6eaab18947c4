// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Two kinds of hierarchies: one directory tree for each controller (version 1) or one for all
// (version 2). In version 2 a group with members has no controllers below it, so that groups of
// commands lie beside ours, in the nearest directory above that we may write to.
#include "sandbox/command_group.hpp"

#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>

namespace quern::sandbox {

namespace {

constexpr std::string_view prefix = "quern-";
constexpr const char* hierarchies = "/sys/fs/cgroup";
constexpr std::uint64_t small_file = 65'536;

bool write_value(const std::filesystem::path& file, const std::string& value) {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return fd &&
           ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

/// The number behind `key` in lines of "key number"; the whole file if `key` is empty.
std::uint64_t read_value(const std::filesystem::path& file, std::string_view key) {
    const auto text = read_file(file, small_file);
    for (const std::string_view line : split(text ? std::string_view(*text) : "", '\n')) {
        const auto words = split_words(line);
        if (key.empty() && words.size() == 1) {
            return parse_unsigned(words[0]).value_or(0);
        }
        if (words.size() == 2 && words[0] == key) {
            return parse_unsigned(words[1]).value_or(0);
        }
    }
    return 0;
}

bool is_unified(const std::filesystem::path& directory) {
    std::error_code failure;
    return std::filesystem::exists(directory / "cgroup.controllers", failure);
}

bool has_controller(const std::filesystem::path& directory, std::string_view controller) {
    if (!is_unified(directory)) {
        return true;
    }
    const auto text = read_file(directory / "cgroup.controllers", small_file);
    const auto words = split_words(text ? std::string_view(*text) : "");
    return std::find(words.begin(), words.end(), controller) != words.end();
}

/// Groups of processes that were killed are empty, or their last members end soon.
void remove_abandoned(const std::filesystem::path& parent) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(parent, failure)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix)) {
            continue;
        }
        const std::string rest = name.substr(prefix.size());
        const auto pid = parse_unsigned(rest.substr(0, rest.find('-')));
        if (pid && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) {
            ::rmdir(entry.path().c_str());
        }
    }
}

std::string group_name() {
    static std::atomic<unsigned> number = 0;
    return fmt::format("{}{}-{}", prefix, ::getpid(), number++);
}

/// Makes a group for the controller in the first place that lets us.
std::filesystem::path make_group(const std::string& name, std::string_view controller) {
    const auto own = read_file("/proc/self/cgroup", small_file);
    for (const auto& parent : group_parents(own ? *own : "", hierarchies, controller)) {
        if (is_unified(parent)) {
            // Refused where it is given already, or where the parent has members.
            write_value(parent / "cgroup.subtree_control", fmt::format("+{}", controller));
        }
        remove_abandoned(parent);
        const std::filesystem::path group = parent / name;
        if (::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
            continue;
        }
        if (has_controller(group, controller)) {
            return group;
        }
        ::rmdir(group.c_str());
    }
    return {};
}

}  // namespace

std::vector<std::filesystem::path> group_parents(
    std::string_view own_groups, const std::filesystem::path& root, std::string_view controller
) {
    std::vector<std::filesystem::path> parents;
    for (const std::string_view line : split(own_groups, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 3 || !fields[2].starts_with('/')) {
            continue;
        }
        const std::filesystem::path own(fields[2].substr(1));
        const auto names = split(fields[1], ',');
        if (std::find(names.begin(), names.end(), controller) != names.end()) {
            // The same hierarchy may be mounted under the names of all its controllers.
            return {root / controller / own};
        }
        if (fields[0] == "0" && is_unified(root)) {
            std::filesystem::path place = own;
            while (!place.empty()) {
                place = place.parent_path();
                parents.push_back(place.empty() ? root : root / place);
            }
            if (own.empty()) {
                parents.push_back(root);
            }
        }
    }
    return parents;
}

bool CommandGroup::add(
    std::string_view controller, const std::vector<std::pair<const char*, std::string>>& values
) {
    const std::filesystem::path group = make_group(name_, controller);
    if (group.empty()) {
        return false;
    }
    UniqueFd entrance(::open((group / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    bool is_set = false;
    for (const auto& [file, value] : values) {
        is_set = write_value(group / file, value) || is_set;
    }
    if (!entrance || !is_set) {
        ::rmdir(group.c_str());
        return false;
    }
    const std::filesystem::path base(hierarchies);
    path_ = "/" + group.lexically_relative(is_unified(base) ? base : base / controller).string();
    directories_.push_back(group);
    entrances_.push_back(std::move(entrance));
    return true;
}

CommandGroup CommandGroup::create(const Limits& limits) {
    CommandGroup group;
    group.name_ = group_name();
    if (limits.memory_bytes != 0) {
        const std::string bytes = std::to_string(limits.memory_bytes);
        if (group.add("memory", {{"memory.max", bytes}, {"memory.limit_in_bytes", bytes}})) {
            group.memory_ = group.directories_.back();
            write_value(group.memory_ / "memory.swap.max", "0");
        }
    }
    if (limits.processes != 0 && limits.processes < Limits().processes &&
        group.add("pids", {{"pids.max", std::to_string(limits.processes)}})) {
        group.pids_ = group.directories_.back();
    }
    if (limits.cpu_thousandths != 0) {
        // Microseconds of processor time in a tenth of a second.
        constexpr std::uint64_t period = 100'000;
        const std::string quota = std::to_string(limits.cpu_thousandths * period / 1000);
        group.add(
            "cpu", {{"cpu.max", fmt::format("{} {}", quota, period)}, {"cpu.cfs_quota_us", quota}}
        );
    }
    return group;
}

CommandGroup::~CommandGroup() {
    entrances_.clear();
    for (const std::filesystem::path& directory : directories_) {
        ::rmdir(directory.c_str());  // has members still: the next build takes it away
    }
}

std::vector<int> CommandGroup::entrances() const {
    std::vector<int> fds;
    for (const UniqueFd& fd : entrances_) {
        fds.push_back(fd.get());
    }
    return fds;
}

Result<ExitStatus> CommandGroup::judge(const ExitStatus& status, const Limits& limits) const {
    if (status.is_success()) {
        return status;
    }
    // Version 1 counts a kill where the process was, which may be a group below this one.
    constexpr int killed = 128 + SIGKILL;
    const bool was_killed = status.value == (status.exited ? killed : SIGKILL);
    const bool is_out_of_memory =
        !memory_.empty() && (read_value(memory_ / "memory.events", "oom_kill") > 0 ||
                             read_value(memory_ / "memory.oom_control", "oom_kill") > 0 ||
                             (was_killed && read_value(memory_ / "memory.failcnt", "") > 0));
    if (is_out_of_memory) {
        return memory_error(limits);
    }
    if (!pids_.empty() && read_value(pids_ / "pids.events", "max") > 0) {
        return Error(
                   ErrorCode::limit,
                   fmt::format("it started more than {} processes at a time", limits.processes)
        )
            .help("a loop that starts itself again? --processes sets the bound");
    }
    return status;
}

Error memory_error(const Limits& limits) {
    return Error(
               ErrorCode::limit,
               fmt::format(
                   "it needed more than {} of memory and was killed",
                   human_size(limits.memory_bytes)
               )
    )
        .help("--memory or package.resources.memory of the recipe sets the bound");
}

OwnLimits OwnLimits::of(const Limits& limits, const CommandGroup& group) {
    OwnLimits own;
    // Not the address space: Go and Java reserve much more of that than they use.
    own.data_bytes = group.holds_memory() ? 0 : limits.memory_bytes;
    own.processes = limits.processes;
    constexpr std::uint32_t one = 1000;
    own.processors = (limits.cpu_thousandths + one - 1) / one;
    return own;
}

void OwnLimits::apply() const noexcept {
    const auto lower = [](auto resource, rlim_t most) {
        rlimit limit = {};
        if (most != 0 && ::getrlimit(resource, &limit) == 0 && limit.rlim_max > most) {
            limit = {.rlim_cur = most, .rlim_max = most};
            ::setrlimit(resource, &limit);
        }
    };
    lower(RLIMIT_NPROC, processes);
    lower(RLIMIT_DATA, data_bytes);
    cpu_set_t allowed;
    if (processors == 0 || ::sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
        static_cast<std::uint32_t>(CPU_COUNT(&allowed)) <= processors) {
        return;
    }
    // Builds beside each other begin at different processors.
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    int cpu = static_cast<int>(static_cast<unsigned>(::getpid()) % CPU_SETSIZE);
    for (std::uint32_t count = 0; count < processors; cpu = (cpu + 1) % CPU_SETSIZE) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) {
            CPU_SET(static_cast<std::size_t>(cpu), &chosen);
            ++count;
        }
    }
    ::sched_setaffinity(0, sizeof chosen, &chosen);
}

}  // namespace quern::sandbox
