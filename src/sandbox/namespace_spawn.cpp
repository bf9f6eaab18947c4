// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The child is made as vfork does it: it shares our memory until exec, and other threads may hold
// any lock, so it makes raw system calls on data prepared before, and nothing else. What failed it
// leaves in a struct that we read. posix_spawn cannot do this: it joins no namespace. The child is
// the first process of a new pid namespace; the kernel ends all others of it with it, whatever
// their user is. (The parent-death signal that bubblewrap uses inside cannot do that: it is checked
// against the sender's rights, which bubblewrap has given up.)
#include "sandbox/namespace_spawn.hpp"

#include "sandbox/word_pointers.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>

namespace quern::sandbox {

namespace {

constexpr const char* staging_directory = "/tmp";
/// Above all numbers that children use.
constexpr int lowest_lifted_fd = 32;

constexpr std::size_t child_stack_bytes = std::size_t{64} << 10U;

struct Failure {
    const char* action = nullptr;
    int err = 0;
};

struct PreparedTree {
    int fd = -1;
    bool is_directory = true;
    std::string path;
};

/// All that the child needs, in memory that it does not have to change.
struct Prepared {
    const char* program = nullptr;
    std::vector<char*> argv;
    std::vector<char*> environment;
    OwnLimits limits;
    std::vector<int> groups;
    bool own_proc = false;
    bool dies_with_us = false;
    std::vector<UniqueFd> lifted;
    std::vector<std::pair<int, int>> descriptors;
    std::vector<PreparedTree> trees;
    int user_namespace = -1;
    gid_t gid = 0;
    unsigned first_closed = 3;
    std::vector<sock_filter> filter;
    int listener_socket = -1;
    bool own_terminal = false;
    sigset_t signals = {};
    Failure failure;
};

Result<Prepared> prepare(const NamespaceSpawn& spawn) {
    Prepared prepared;
    prepared.program = spawn.program.c_str();
    prepared.argv = pointers_to(spawn.argv);
    prepared.environment = pointers_to(spawn.environment);
    prepared.limits = spawn.limits;
    prepared.groups = spawn.groups;
    prepared.own_proc = spawn.own_proc;
    prepared.dies_with_us = spawn.dies_with_us;
    for (const auto& [ours, theirs] : spawn.descriptors) {
        UniqueFd lifted(::fcntl(ours, F_DUPFD_CLOEXEC, lowest_lifted_fd));
        if (!lifted) {
            const int err = errno;
            return Error::system(err, "copying a descriptor for a sandbox");
        }
        prepared.descriptors.emplace_back(lifted.get(), theirs);
        prepared.lifted.push_back(std::move(lifted));
        prepared.first_closed = std::max(prepared.first_closed, static_cast<unsigned>(theirs) + 1);
    }
    for (std::size_t i = 0; i < spawn.trees.size(); ++i) {
        const DetachedTree& tree = spawn.trees[i];
        prepared.trees.push_back(
            {.fd = tree.fd.get(), .is_directory = tree.is_directory, .path = staged_path(i)}
        );
    }
    prepared.user_namespace = spawn.user_namespace.value_or(-1);
    prepared.gid = spawn.gid;
    prepared.filter = spawn.filter;
    prepared.listener_socket = spawn.listener_socket;
    prepared.own_terminal = spawn.own_terminal;
    return prepared;
}

bool fail(Prepared& prepared, const char* action) noexcept {
    prepared.failure = {.action = action, .err = errno};
    return false;
}

bool attach(const PreparedTree& tree) noexcept {
    constexpr mode_t mode = 0700;
    const char* const path = tree.path.c_str();
    const bool is_made =
        tree.is_directory ? ::mkdir(path, mode) == 0 : ::mknod(path, S_IFREG | mode, 0) == 0;
    return is_made &&
           ::syscall(SYS_move_mount, tree.fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool stage_trees(Prepared& prepared) noexcept {
    if (::unshare(CLONE_NEWNS) != 0) {
        return fail(prepared, "making a mount namespace");
    }
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV;
    if (prepared.own_proc && ::mount("proc", "/proc", "proc", flags | MS_NOEXEC, nullptr) != 0) {
        return fail(prepared, "mounting /proc");
    }
    if (::mount("tmpfs", staging_directory, "tmpfs", flags, "mode=0755,size=1m") != 0) {
        return fail(prepared, "mounting a file system for mount points");
    }
    for (const PreparedTree& tree : prepared.trees) {
        if (!attach(tree)) {
            return fail(prepared, "attaching the guest's root");
        }
    }
    return true;
}

bool take_identity(Prepared& prepared) noexcept {
    if (prepared.user_namespace >= 0 && ::setns(prepared.user_namespace, CLONE_NEWUSER) != 0) {
        return fail(prepared, "joining the user namespace of the guests");
    }
    // glibc's wrappers would tell all threads of the parent: the system calls act on this one only.
    // Refused where the kernel wants groups kept (a single id); nothing of the host is visible then
    // either.
    std::ignore = ::syscall(SYS_setgroups, 0, nullptr);
    if (prepared.user_namespace < 0) {
        return true;
    }
    if (::syscall(SYS_setresgid, prepared.gid, prepared.gid, prepared.gid) != 0 ||
        ::syscall(SYS_setresuid, 0, 0, 0) != 0) {
        return fail(prepared, "becoming root of the guest");
    }
    return true;
}

void reset_process_state() noexcept {
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &plain, nullptr);  // fails for KILL, STOP and glibc's own
    }
    const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::umask(S_IWGRP | S_IWOTH);
    // Else the keys of the user's session could be searched from the guest.
    ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
}

/// Without waiting for a signal to be handled where the kernel can: a runtime that sends itself
/// many would begin the same call again and again.
int add_filter(const sock_fprog& program) noexcept {
    constexpr unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    const auto add = [&](unsigned with) {
        return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, with, &program));
    };
    const int listener = add(flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    return listener < 0 && errno == EINVAL ? add(flags) : listener;
}

bool set_filter(Prepared& prepared) noexcept {
    if (prepared.filter.empty()) {
        return true;
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(prepared, "giving up new privileges");
    }
    const int listener = add_filter(
        {.len = static_cast<unsigned short>(prepared.filter.size()),
         .filter = prepared.filter.data()}
    );
    if (listener < 0) {
        return true;
    }
    char byte = 0;
    iovec data = {.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof listener)> control = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    std::memcpy(CMSG_DATA(header), &listener, sizeof listener);
    return ::sendmsg(prepared.listener_socket, &message, MSG_NOSIGNAL) == 1 ||
           fail(prepared, "handing over the listener of a filter");
}

/// Before the mounts change: the groups were opened in the caller's.
bool enter_groups(Prepared& prepared) noexcept {
    for (const int group : prepared.groups) {
        if (::write(group, "0", 1) != 1) {
            return fail(prepared, "entering a control group");
        }
    }
    return true;
}

bool set_descriptors(Prepared& prepared) noexcept {
    for (const auto& [ours, theirs] : prepared.descriptors) {
        if (::dup2(ours, theirs) < 0) {
            return fail(prepared, "handing over a descriptor");
        }
    }
    ::syscall(SYS_close_range, prepared.first_closed, ~0U, 0);
    return true;
}

bool take_terminal(Prepared& prepared) noexcept {
    if (prepared.own_terminal && ::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
        return fail(prepared, "taking the terminal of the sandbox");
    }
    return true;
}

[[noreturn]] void run_child(Prepared& prepared) noexcept {
    if (prepared.own_terminal) {
        ::setsid();
    } else {
        ::setpgid(0, 0);
    }
    reset_process_state();
    prepared.limits.apply();
    if (enter_groups(prepared) && stage_trees(prepared) && take_identity(prepared) &&
        set_filter(prepared) && set_descriptors(prepared) && take_terminal(prepared)) {
        ::sigprocmask(SIG_SETMASK, &prepared.signals, nullptr);
        // After the change of ids, which would clear it.
        if (prepared.dies_with_us) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        }
        if (::chdir("/") == 0) {
            ::execve(prepared.program, prepared.argv.data(), prepared.environment.data());
        }
        fail(prepared, "starting the program of the sandbox");
    }
    ::_exit(127);
}

int child_main(void* prepared) {
    run_child(*static_cast<Prepared*>(prepared));
}

/// All signals blocked while the child shares our memory: no handler of ours may run in it.
pid_t start(Prepared& prepared) {
    std::vector<char> stack(child_stack_bytes);
    sigset_t all;
    ::sigfillset(&all);
    sigset_t before;
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    ::sigemptyset(&prepared.signals);
    constexpr int flags = CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD;
    const pid_t pid = ::clone(child_main, stack.data() + stack.size(), flags, &prepared);
    const int err = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = err;
    return pid;
}

}  // namespace

std::string staged_path(std::size_t index) {
    return fmt::format("{}/{}", staging_directory, index);
}

Result<DetachedTree> DetachedTree::open(const std::filesystem::path& path) {
    DetachedTree tree;
    constexpr unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
    tree.fd = UniqueFd(static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), flags)));
    struct stat status = {};
    if (!tree.fd || ::fstat(tree.fd.get(), &status) != 0) {
        const int err = errno;
        const Error cause =
            Error::system(err, fmt::format("mounting {} in a sandbox", path.string()));
        return Error(ErrorCode::sandbox, cause.message());
    }
    tree.is_directory = S_ISDIR(status.st_mode);
    return tree;
}

Result<pid_t> spawn_in_namespace(const NamespaceSpawn& spawn) {
    QUERN_TRY(Prepared prepared, prepare(spawn));
    const pid_t pid = start(prepared);
    if (pid < 0) {
        const int err = errno;
        return Error(ErrorCode::sandbox, Error::system(err, "starting a process").message());
    }
    if (prepared.failure.action != nullptr) {
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
        const Error cause = Error::system(prepared.failure.err, prepared.failure.action);
        return Error(ErrorCode::sandbox, cause.message());
    }
    return pid;
}

}  // namespace quern::sandbox
