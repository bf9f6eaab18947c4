// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/probe.hpp"

#include "sandbox/capabilities.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace quern::sandbox {

namespace {

/// What `body` gives in a process of its own.
template <typename Body>
int in_fork(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(body());
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return EIO;
    }
    return WEXITSTATUS(status);
}

bool write_text(const char* path, std::string_view text) {
    const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

int try_unshare(int flags) {
    return in_fork([=] { return ::unshare(flags) == 0 ? 0 : errno; });
}

int try_guest_namespace() {
    const std::string map = fmt::format("0 {} 1\n", ::geteuid());
    return in_fork([&] {
        errno = 0;
        const bool works = ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
                           write_text("/proc/self/setgroups", "deny") &&
                           write_text("/proc/self/uid_map", map) &&
                           ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0;
        return works ? 0 : errno;
    });
}

bool has_capabilities(const std::vector<std::string>& names) {
    __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> have = {};
    if (::syscall(SYS_capget, &header, have.data()) != 0) {
        return false;
    }
    constexpr unsigned word_bits = 32;
    const std::uint64_t effective = have[0].effective | std::uint64_t{have[1].effective}
                                                            << word_bits;
    const std::uint64_t wanted = capability_mask(names);
    return (effective & wanted) == wanted;
}

}  // namespace quern::sandbox
