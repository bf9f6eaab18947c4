// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/sandbox.hpp"

#include "sandbox/command_group.hpp"
#include "sandbox/id_map.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/obstacle.hpp"
#include "sandbox/probe.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sched.h>
#include <unistd.h>

namespace quern::sandbox {

namespace {

Finding examine_user_namespaces() {
    Finding finding{.subject = "user namespaces", .works = true, .detail = {}, .fix = {}};
    const int err = try_guest_namespace();
    // Root needs no permission of these settings.
    if (::geteuid() == 0 && err == 0) {
        finding.detail = "may be made";
        return finding;
    }
    const std::optional<Obstacle> obstacle = user_namespace_obstacle("/proc", err);
    finding.works = !obstacle;
    finding.detail = obstacle ? obstacle->cause : "may be made";
    finding.fix = obstacle ? obstacle->fix : "";
    return finding;
}

Finding examine_id_range() {
    Finding finding{.subject = "range of ids", .works = true, .detail = {}, .fix = {}};
    const Identity identity = Identity::of_this_process();
    if (identity.uid == 0 && try_unshare(CLONE_NEWNS) == 0) {
        finding.detail = "root gives guests a range of their own";
        return finding;
    }
    const std::uint32_t count = identity.range_count();
    if (count > 1) {
        finding.detail = fmt::format("{} ids by newuidmap", count);
        return finding;
    }
    const Obstacle obstacle = missing_range_obstacle(identity.has_tools(), identity.user);
    finding.works = false;
    finding.detail = obstacle.cause + "; guests have a single id";
    finding.fix = obstacle.fix;
    return finding;
}

Finding examine_overlay() {
    constexpr std::uint64_t limit = 65'536;
    const Result<std::string> text = read_file("/proc/filesystems", limit);
    Finding finding{.subject = "overlay file system", .works = false, .detail = {}, .fix = {}};
    finding.works = text && text->find("\toverlay\n") != std::string::npos;
    finding.detail = finding.works ? "in the kernel" : "the kernel has not loaded it";
    finding.fix = finding.works ? "" : "run 'sudo modprobe overlay'";
    return finding;
}

/// Bounds on memory and processes hold a whole step where a group can be made, else each process.
Finding examine_groups() {
    Finding finding{.subject = "control groups", .works = true, .detail = {}, .fix = {}};
    constexpr std::uint64_t plenty = std::uint64_t{1} << 40U;
    const CommandGroup group = CommandGroup::create({.memory_bytes = plenty});
    if (group.holds_memory()) {
        finding.detail = "can be made: --memory bounds all processes of a step together";
        return finding;
    }
    finding.works = false;
    finding.detail = "cannot be made by this user: --memory bounds each process of a step alone";
    finding.fix =
        "run quern below a group that is yours: systemd-run --user --scope -p Delegate=yes quern "
        "...";
    return finding;
}

}  // namespace

std::vector<Finding> examine_machine() {
    return {examine_user_namespaces(), examine_id_range(), examine_overlay(), examine_groups()};
}

Result<void> Sandbox::fetch(const Guest&, const CancelToken&) {
    return {};
}

Result<void> Sandbox::fetch_mount(const Guest&, const Mount&, const CancelToken&) {
    return {};
}

std::optional<std::uint64_t> Sandbox::written_bytes(const Guest&) {
    return std::nullopt;
}

void Sandbox::stop(const Guest&) noexcept {}

}  // namespace quern::sandbox
