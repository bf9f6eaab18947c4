// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Two processes. The warden is a fork of ours, in the namespaces that the container allows; it
// stays in the container's root and forks the command, which goes into the guest's. Where there is
// no pid namespace the warden is the one to whom orphans fall, so it knows when nothing is left.
// Between fork and exec both make system calls on data prepared before and nothing else: other
// threads of ours may have held any lock.
#include "sandbox/chroot_process.hpp"

#include "sandbox/pipe.hpp"
#include "sandbox/word_pointers.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

namespace quern::sandbox {

namespace {

constexpr int lowest_lifted_fd = 32;
constexpr int cannot_start = 127;
constexpr int signal_base = 128;

/// What failed, as it goes through the pipe: a number for the text below, and errno.
struct Failure {
    unsigned char action = 0;
    int err = 0;
};

enum Action : unsigned char {
    enter_group,
    private_mounts,
    start_command,
    change_root,
    set_groups,
    drop_capabilities,
    set_identity,
    no_new_privileges,
    set_filter,
    change_directory,
    take_terminal,
    hand_descriptor,
    start_program,
};

constexpr std::array<const char*, 13> action_texts = {
    "entering a control group",
    "taking mounts apart from the container's",
    "starting a process",
    "changing the root directory",
    "giving up groups",
    "giving up capabilities",
    "becoming the user of the command",
    "giving up the right to new privileges",
    "setting the filter of system calls",
    "changing to the working directory",
    "taking the terminal",
    "handing over a descriptor",
    "starting the program: the guest has none of that name at that place",
};

struct Prepared {
    const ChrootSpawn* spawn = nullptr;
    std::vector<char*> argv;
    std::vector<char*> environment;
    std::vector<UniqueFd> lifted;
    std::vector<std::pair<int, int>> descriptors;
    std::vector<int> kept;  ///< sorted: what the warden does not close
    std::string proc;       ///< path of the guest's /proc
    std::vector<sock_filter> filter;
    int report = -1;
    int life = -1;
};

[[noreturn]] void give_up(const Prepared& prepared, Action action) noexcept {
    const Failure failure = {.action = action, .err = errno};
    std::ignore = ::write(prepared.report, &failure, sizeof failure);
    ::_exit(cannot_start);
}

void reset_process_state() noexcept {
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &plain, nullptr);
    }
    const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::umask(S_IWGRP | S_IWOTH);
    ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
}

constexpr unsigned last_capability = 63;

void lower_bound(std::uint64_t wanted) noexcept {
    for (unsigned number = 0; number <= last_capability; ++number) {
        if ((wanted >> number & 1U) == 0) {
            ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);  // fails behind the last that there is
        }
    }
}

void drop_to(const Prepared& prepared, std::uint64_t wanted) noexcept {
    __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> have = {};
    if (::syscall(SYS_capget, &header, have.data()) != 0) {
        give_up(prepared, drop_capabilities);
    }
    for (std::size_t word = 0; word < have.size(); ++word) {
        // No more than there is: the container may have less than the list.
        const auto bits = static_cast<std::uint32_t>(wanted >> (32 * word)) & have[word].permitted;
        have[word] = {.effective = bits, .permitted = bits, .inheritable = bits};
    }
    if (::syscall(SYS_capset, &header, have.data()) != 0) {
        give_up(prepared, drop_capabilities);
    }
    // Root has them after exec anyway; others keep what is ambient.
    for (unsigned number = 0; prepared.spawn->uid != 0 && number <= last_capability; ++number) {
        if ((wanted >> number & 1U) != 0) {
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
        }
    }
}

void take_identity(const Prepared& prepared) noexcept {
    const ChrootSpawn& spawn = *prepared.spawn;
    lower_bound(spawn.capabilities);
    // Kept over the change of the user, and set to what is wanted after it.
    ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) {
        give_up(prepared, set_groups);
    }
    if (::syscall(SYS_setresgid, spawn.gid, spawn.gid, spawn.gid) != 0 ||
        ::syscall(SYS_setresuid, spawn.uid, spawn.uid, spawn.uid) != 0) {
        give_up(prepared, set_identity);
    }
    drop_to(prepared, spawn.capabilities);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        give_up(prepared, no_new_privileges);
    }
}

void set_descriptors(const Prepared& prepared) noexcept {
    for (const auto& [ours, theirs] : prepared.descriptors) {
        if (::dup2(ours, theirs) < 0) {
            give_up(prepared, hand_descriptor);
        }
    }
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    // Apart from the warden, whose group it could else end with its own.
    ::setsid();
    if (prepared.spawn->own_terminal && ::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
        give_up(prepared, take_terminal);
    }
}

/// With the warden's number in its place, which nobody knew before.
void set_filter_of(Prepared& prepared) noexcept {
    for (sock_filter& word : prepared.filter) {
        if (word.code == (BPF_JMP | BPF_JEQ | BPF_K) &&
            word.k == static_cast<std::uint32_t>(ChrootSpawn::warden_number)) {
            word.k = static_cast<std::uint32_t>(::getppid());
        }
    }
    const sock_fprog program = {
        .len = static_cast<unsigned short>(prepared.filter.size()),
        .filter = prepared.filter.data()};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        give_up(prepared, set_filter);
    }
}

[[noreturn]] void run_command(Prepared& prepared) noexcept {
    const ChrootSpawn& spawn = *prepared.spawn;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    spawn.limits.apply();
    if (::chroot(spawn.root.c_str()) != 0 || ::chdir("/") != 0) {
        give_up(prepared, change_root);
    }
    set_descriptors(prepared);
    take_identity(prepared);
    if (::chdir(spawn.working_directory.c_str()) != 0) {
        give_up(prepared, change_directory);
    }
    set_filter_of(prepared);
    ::execve(prepared.argv.front(), prepared.argv.data(), prepared.environment.data());
    give_up(prepared, start_program);
}

void set_up_namespaces(const Prepared& prepared) noexcept {
    const int namespaces = prepared.spawn->namespaces;
    if ((namespaces & CLONE_NEWNS) != 0) {
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
            give_up(prepared, private_mounts);
        }
        constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
        // Refused where the container's own /proc is covered in part; then there is none.
        std::ignore = ::mount("proc", prepared.proc.c_str(), "proc", flags, nullptr);
    }
    if ((namespaces & CLONE_NEWUTS) != 0) {
        const std::string& name = prepared.spawn->hostname;
        std::ignore = ::sethostname(name.data(), name.size());
    }
    if ((namespaces & CLONE_NEWNET) != 0) {
        ifreq request = {};
        request.ifr_name[0] = 'l';
        request.ifr_name[1] = 'o';
        request.ifr_flags = IFF_UP;
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ::ioctl(fd, SIOCSIFFLAGS, &request);
        ::close(fd);
    }
}

/// Ends children until there are none: what they leave falls to us. Text of numbers and spaces.
void end_all_children(int children) noexcept {
    std::array<char, 4096> text = {};
    for (;;) {
        const ssize_t size = ::pread(children, text.data(), text.size(), 0);
        pid_t pid = 0;
        for (ssize_t at = 0; at < size; ++at) {
            const char c = text[static_cast<std::size_t>(at)];
            if (c >= '0' && c <= '9') {
                pid = pid * 10 + (c - '0');
            } else if (pid > 0) {
                ::kill(pid, SIGKILL);
                pid = 0;
            }
        }
        if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) {
            return;
        }
    }
}

int exit_code_of(int status) noexcept {
    return WIFSIGNALED(status) ? signal_base + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Gives the command's status, or 128 + SIGTERM if it has to end before.
int wait_for(pid_t command, int life, int signals) noexcept {
    std::array<pollfd, 2> watched = {
        pollfd{.fd = life, .events = POLLIN, .revents = 0},
        pollfd{.fd = signals, .events = POLLIN, .revents = 0}};
    for (;;) {
        int status = 0;
        for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            if (ended == command) {
                return exit_code_of(status);
            }
        }
        watched[0].revents = 0;
        watched[1].revents = 0;
        ::poll(watched.data(), watched.size(), -1);
        signalfd_siginfo info = {};
        const bool has_signal = (watched[1].revents & POLLIN) != 0 &&
                                ::read(signals, &info, sizeof info) == sizeof info;
        if (watched[0].revents != 0 || (has_signal && info.ssi_signo == SIGTERM)) {
            return signal_base + SIGTERM;
        }
    }
}

/// Of what is above standard error. Whatever else is ours would live as long as the warden.
void close_all_but(const std::vector<int>& kept) noexcept {
    unsigned begin = STDERR_FILENO + 1;
    for (const int fd : kept) {
        const auto end = static_cast<unsigned>(fd);
        if (end > begin) {
            ::syscall(SYS_close_range, begin, end - 1, 0);
        }
        begin = end + 1;
    }
    ::syscall(SYS_close_range, begin, ~0U, 0);
}

[[noreturn]] void run_warden(Prepared& prepared) noexcept {
    const ChrootSpawn& spawn = *prepared.spawn;
    ::setpgid(0, 0);
    close_all_but(prepared.kept);
    reset_process_state();
    // A fork of ours has our environment.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGTERM);
    ::sigaddset(&wanted, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &wanted, nullptr);
    const int signals = ::signalfd(-1, &wanted, SFD_CLOEXEC);
    const int children = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    for (const int group : spawn.groups) {
        if (::write(group, "0", 1) != 1) {
            give_up(prepared, enter_group);
        }
    }
    set_up_namespaces(prepared);
    const auto command = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (command == 0) {
        run_command(prepared);
    }
    if (command < 0) {
        give_up(prepared, start_command);
    }
    // The output ends when the command's processes are dead, and the report when the command runs.
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, prepared.report}) {
        ::close(fd);
    }
    for (const auto& [ours, theirs] : prepared.descriptors) {
        ::close(ours);
    }
    const int code = wait_for(command, prepared.life, signals);
    // Of a pid namespace this is the first process: with it the kernel ends all others.
    if ((spawn.namespaces & CLONE_NEWPID) == 0) {
        end_all_children(children);
    }
    ::_exit(code);
}

Result<Prepared> prepare(const ChrootSpawn& spawn) {
    Prepared prepared;
    prepared.spawn = &spawn;
    prepared.argv = pointers_to(spawn.argv);
    prepared.environment = pointers_to(spawn.environment);
    prepared.proc = spawn.root + "/proc";
    prepared.filter = spawn.filter;
    for (const auto& [ours, theirs] : spawn.descriptors) {
        UniqueFd lifted(::fcntl(ours, F_DUPFD_CLOEXEC, lowest_lifted_fd));
        if (!lifted) {
            const int err = errno;
            return system_error(err, "copying a descriptor for a sandbox");
        }
        prepared.descriptors.emplace_back(lifted.get(), theirs);
        prepared.lifted.push_back(std::move(lifted));
    }
    return prepared;
}

/// Not by fork(): that runs handlers of libraries.
pid_t start_warden(Prepared& prepared) {
    const auto flags = static_cast<unsigned long>(prepared.spawn->namespaces | SIGCHLD);
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, 0, 0, 0, 0));
    if (pid == 0) {
        run_warden(prepared);
    }
    return pid;
}

/// Nothing if the command runs. Else the warden is reaped.
std::optional<Error> failure_of(int report, pid_t warden) {
    Failure failure;
    ssize_t size = 0;
    while ((size = ::read(report, &failure, sizeof failure)) < 0 && errno == EINTR) {
    }
    if (size != sizeof failure || failure.action >= action_texts.size()) {
        return std::nullopt;
    }
    ::kill(warden, SIGKILL);
    while (::waitpid(warden, nullptr, 0) < 0 && errno == EINTR) {
    }
    return system_error(failure.err, action_texts[failure.action]);
}

}  // namespace

Result<ChrootProcess> spawn_chroot(const ChrootSpawn& spawn) {
    QUERN_TRY(Prepared prepared, prepare(spawn));
    QUERN_TRY(Pipe report, make_pipe());
    QUERN_TRY(Pipe life, make_pipe());
    prepared.report = report.write_end.get();
    prepared.life = life.read_end.get();
    prepared.kept = spawn.groups;
    prepared.kept.insert(prepared.kept.end(), {prepared.report, prepared.life});
    for (const auto& [ours, theirs] : prepared.descriptors) {
        prepared.kept.push_back(ours);
    }
    std::sort(prepared.kept.begin(), prepared.kept.end());
    ChrootProcess process;
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    process.warden = start_warden(prepared);
    const int err = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (process.warden < 0) {
        return system_error(err, "starting a process");
    }
    report.write_end = UniqueFd();
    process.life = std::move(life.write_end);
    if (auto failure = failure_of(report.read_end.get(), process.warden)) {
        return std::move(*failure);
    }
    return process;
}

}  // namespace quern::sandbox
