// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/obstacle.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <string.h>

#include <cerrno>
#include <string_view>

namespace quern::sandbox {

namespace {

/// Number in a file of /proc/sys; nothing if there is no such setting.
std::optional<std::uint64_t> setting(const std::filesystem::path& file) {
    constexpr std::uint64_t limit = 4096;
    const Result<std::string> text = read_file(file, limit);
    return text ? parse_unsigned(trim(*text)) : std::nullopt;
}

std::string sysctl_fix(std::string_view assignment) {
    return fmt::format(
        "run 'sudo sysctl -w {0}' (and keep it: echo '{0}' | sudo tee "
        "/etc/sysctl.d/90-quern.conf), or run quern "
        "as root",
        assignment
    );
}

}  // namespace

std::optional<Obstacle> user_namespace_obstacle(const std::filesystem::path& proc, int err) {
    if (setting(proc / "sys/user/max_user_namespaces") == 0U) {
        return Obstacle{
            .cause = "this machine allows no user namespaces (user.max_user_namespaces is 0)",
            .fix = sysctl_fix("user.max_user_namespaces=15000")};
    }
    if (setting(proc / "sys/kernel/unprivileged_userns_clone") == 0U) {
        return Obstacle{
            .cause =
                "this machine allows user namespaces for root only "
                "(kernel.unprivileged_userns_clone is 0)",
            .fix = sysctl_fix("kernel.unprivileged_userns_clone=1")};
    }
    if (setting(proc / "sys/kernel/apparmor_restrict_unprivileged_userns") == 1U) {
        return Obstacle{
            .cause =
                "AppArmor takes the rights out of user namespaces of programs without a profile "
                "(kernel.apparmor_restrict_unprivileged_userns is 1)",
            .fix = sysctl_fix("kernel.apparmor_restrict_unprivileged_userns=0")};
    }
    if (err == 0) {
        return std::nullopt;
    }
    if (err == ENOSPC) {
        return Obstacle{
            .cause = "the limit on user namespaces is used up or their nesting is too deep",
            .fix = sysctl_fix("user.max_user_namespaces=15000")};
    }
    if (err == EPERM) {
        return Obstacle{
            .cause =
                "making a user namespace was refused (Operation not permitted); inside a container "
                "its seccomp "
                "or AppArmor profile does that",
            .fix =
                "start the outer container with --security-opt seccomp=unconfined --security-opt "
                "apparmor=unconfined, or with --privileged"};
    }
    return Obstacle{
        .cause = fmt::format("making a user namespace failed: {}", ::strerror(err)),
        .fix = "run 'quern doctor' for what this machine offers"};
}

Obstacle missing_range_obstacle(bool has_tools, const std::string& user) {
    if (!has_tools) {
        return {
            .cause = "newuidmap and newgidmap are not installed",
            .fix = "run 'sudo apt-get install uidmap'"};
    }
    return {
        .cause = fmt::format("user '{}' has no range of ids in /etc/subuid and /etc/subgid", user),
        .fix = fmt::format(
            "run 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {}'",
            shell_quote(user)
        )};
}

Error to_error(const Obstacle& obstacle) {
    return Error(ErrorCode::sandbox, obstacle.cause).help(obstacle.fix);
}

}  // namespace quern::sandbox
