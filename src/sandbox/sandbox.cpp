// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/sandbox.hpp"

#include "sandbox/id_map.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/obstacle.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace quern::sandbox {

namespace {

/// errno of unshare in a process of its own; 0 if it is allowed.
int try_unshare(int flags) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(::unshare(flags) == 0 ? 0 : errno);
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return EIO;
    }
    return WEXITSTATUS(status);
}

Finding examine_user_namespaces() {
    Finding finding{.subject = "user namespaces", .works = true, .detail = {}, .fix = {}};
    const int err = try_unshare(CLONE_NEWUSER | CLONE_NEWNS);
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

Finding examine_bubblewrap() {
    Finding finding{.subject = "bubblewrap", .works = false, .detail = {}, .fix = {}};
    const char* const search = std::getenv("PATH");
    for (const std::string_view directory : split(search != nullptr ? search : "/usr/bin", ':')) {
        const std::string path = fmt::format("{}/bwrap", directory);
        struct stat status = {};
        if (::stat(path.c_str(), &status) != 0) {
            continue;
        }
        finding.works = (status.st_mode & S_ISUID) == 0;
        finding.detail = finding.works ? path : path + " is setuid, which is not safe to use";
        finding.fix = finding.works ? "" : "run 'sudo chmod u-s " + path + "'";
        return finding;
    }
    finding.detail = "bwrap is not installed";
    finding.fix = "run 'sudo apt-get install bubblewrap'";
    return finding;
}

}  // namespace

std::vector<Finding> examine_machine() {
    return {examine_bubblewrap(), examine_user_namespaces(), examine_id_range(), examine_overlay()};
}

}  // namespace quern::sandbox
