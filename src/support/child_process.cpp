// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A child is started by posix_spawn, so no code of ours runs between fork and exec. Its input is a
// memory file: a program that does not read it cannot block us, and one that ends early raises no
// SIGPIPE. Waiting is one poll over both outputs and a pidfd; the poll wakes at least every 100 ms
// to look at the cancel token. The leader is reaped last, after a KILL to what is left of its
// group, so that the number of the group cannot have been given to anybody else.
#include "support/child_process.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace quern {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll_interval(100);
constexpr std::chrono::milliseconds poll_interval_without_pidfd(5);
constexpr std::chrono::milliseconds termination_grace(1000);
/// How long output is awaited from processes that left the group and outlive the child.
constexpr std::chrono::milliseconds output_grace(1000);
constexpr std::size_t max_captured_bytes = std::size_t{64} << 20U;

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

/// A copy of `fd` above `floor`, so that handing it over cannot overwrite a descriptor that is
/// still to be handed over.
Result<UniqueFd> lift(int fd, int floor) {
    UniqueFd lifted(::fcntl(fd, F_DUPFD_CLOEXEC, floor + 1));
    if (!lifted) {
        const int err = errno;
        return Error::system(err, "copying a descriptor for a child process");
    }
    return lifted;
}

Result<Pipe> make_pipe(int floor) {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        const int err = errno;
        return Error::system(err, "making a pipe");
    }
    Pipe pipe{.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
    QUERN_TRY(pipe.write_end, lift(pipe.write_end.get(), floor));
    return pipe;
}

Result<UniqueFd> open_input(const std::string& text, int floor) {
    UniqueFd fd(
        text.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC)
                     : ::memfd_create("standard-input", MFD_CLOEXEC)
    );
    if (!fd) {
        const int err = errno;
        return Error::system(err, "preparing the input of a child process");
    }
    if (!text.empty()) {
        QUERN_CHECK(write_all(fd.get(), text));
        if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
            const int err = errno;
            return Error::system(err, "preparing the input of a child process");
        }
    }
    return lift(fd.get(), floor);
}

Result<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    const char* const path = ::getenv("PATH");
    for (const auto directory : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        const auto candidate = fmt::format("{}/{}", directory, name);
        if (directory.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return Error(ErrorCode::not_found, fmt::format("no program '{}' in PATH", name));
}

/// The arguments of posix_spawn that need a release.
class SpawnPlan {
 public:
    SpawnPlan() {
        QUERN_ASSERT(::posix_spawn_file_actions_init(&actions_) == 0);
        QUERN_ASSERT(::posix_spawnattr_init(&attributes_) == 0);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    Result<void> reset_signals(bool has_own_group) {
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        flags |= has_own_group ? POSIX_SPAWN_SETPGROUP : 0;
        QUERN_CHECK(check(::posix_spawnattr_setsigmask(&attributes_, &none)));
        QUERN_CHECK(check(::posix_spawnattr_setsigdefault(&attributes_, &all)));
        QUERN_CHECK(check(::posix_spawnattr_setpgroup(&attributes_, 0)));
        return check(::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags)));
    }
    Result<void> hand_over(int ours, int theirs) {
        return check(::posix_spawn_file_actions_adddup2(&actions_, ours, theirs));
    }
    Result<void> close_from(int first) {
        return check(::posix_spawn_file_actions_addclosefrom_np(&actions_, first));
    }
    Result<void> close(int fd) { return check(::posix_spawn_file_actions_addclose(&actions_, fd)); }
    Result<void> change_directory(const std::filesystem::path& path) {
        return check(::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
    }
    Result<pid_t> spawn(const std::string& program, char* const* argv, char* const* environment) {
        pid_t pid = -1;
        const int err =
            ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv, environment);
        if (err != 0) {
            return Error::system(err, fmt::format("starting {}", program));
        }
        return pid;
    }

 private:
    static Result<void> check(int err) {
        if (err != 0) {
            return Error::system(err, "preparing a child process");
        }
        return {};
    }
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

int highest_target(const ProcessOptions& options) {
    int highest = STDERR_FILENO;
    for (const auto& [ours, theirs] : options.descriptors) {
        highest = std::max(highest, theirs);
    }
    return highest;
}

/// Hands over `options.descriptors` and closes everything else above stderr. The copies stay in
/// `copies` until the spawn.
Result<void> plan_descriptors(
    const ProcessOptions& options, SpawnPlan& plan, std::vector<UniqueFd>& copies
) {
    const int highest = highest_target(options);
    std::vector<bool> is_taken(static_cast<std::size_t>(highest) + 1, false);
    for (const auto& [ours, theirs] : options.descriptors) {
        QUERN_ASSERT(theirs > STDERR_FILENO);
        QUERN_TRY(UniqueFd copy, lift(ours, highest));
        QUERN_CHECK(plan.hand_over(copy.get(), theirs));
        copies.push_back(std::move(copy));
        is_taken[static_cast<std::size_t>(theirs)] = true;
    }
    for (int fd = STDERR_FILENO + 1; fd <= highest; ++fd) {
        if (!is_taken[static_cast<std::size_t>(fd)]) {
            QUERN_CHECK(plan.close(fd));
        }
    }
    return plan.close_from(highest + 1);
}

std::vector<char*> to_c_strings(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/// Sends to the group if the process leads one, else to it alone. Works on a child that ended but
/// was not reaped.
void send_signal(pid_t pid, int signal) noexcept {
    ::kill(::getpgid(pid) == pid ? -pid : pid, signal);
}

bool has_ended(pid_t pid) {
    siginfo_t info = {};
    const int status = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    return status == 0 ? info.si_pid == pid : errno != EINTR;
}

Result<ExitStatus> reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        const int err = errno;
        if (err != EINTR) {
            return Error::system(err, "waiting for a child process");
        }
    }
    if (WIFSIGNALED(status)) {
        return ExitStatus{.exited = false, .value = WTERMSIG(status)};
    }
    return ExitStatus{.exited = true, .value = WEXITSTATUS(status)};
}

/// Reads once from what poll says is ready. Closes `fd` at the end of the output.
Result<void> read_once(UniqueFd& fd, const ChildProcess::Sink& sink, bool is_stderr) {
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0) {
        const int err = errno;
        if (err == EINTR || err == EAGAIN) {
            return {};
        }
        if (err != EIO) {  // the end of the output of a terminal
            return Error::system(err, "reading the output of a child process");
        }
    }
    if (count <= 0) {
        fd = UniqueFd();
    } else if (sink) {
        sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)), is_stderr);
    }
    return {};
}

/// Why the child is being ended, and how far that is.
class Termination {
 public:
    Termination(const CancelToken& cancel, std::optional<std::chrono::milliseconds> timeout)
        : cancel_(cancel) {
        if (timeout) {
            timeout_ = Clock::now() + *timeout;
        }
    }

    void advance(pid_t pid) {
        const auto now = Clock::now();
        if (kill_at_) {
            if (!is_killed_ && now >= *kill_at_) {
                send_signal(pid, SIGKILL);
                is_killed_ = true;
            }
            return;
        }
        if (cancel_.is_requested()) {
            reason_ = Error(ErrorCode::interrupted, "stopped on request");
        } else if (timeout_ && now >= *timeout_) {
            reason_ = Error(ErrorCode::limit, "the process ran longer than it may");
        } else {
            return;
        }
        send_signal(pid, SIGTERM);
        kill_at_ = now + termination_grace;
    }
    std::optional<Error>& reason() { return reason_; }

    /// How long a poll may sleep.
    std::chrono::milliseconds interval() const {
        const auto deadline = kill_at_ && !is_killed_ ? kill_at_ : timeout_;
        if (!deadline || (kill_at_ && is_killed_)) {
            return poll_interval;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
        return std::clamp(left, std::chrono::milliseconds(0), poll_interval);
    }

 private:
    const CancelToken& cancel_;
    std::optional<Clock::time_point> timeout_;
    std::optional<Clock::time_point> kill_at_;
    bool is_killed_ = false;
    std::optional<Error> reason_;
};

}  // namespace

std::string ExitStatus::describe() const {
    if (exited) {
        return fmt::format("exit status {}", value);
    }
    const char* const text = ::sigdescr_np(value);
    return fmt::format("killed by signal {} ({})", value, text == nullptr ? "unknown" : text);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      error_output_(std::move(other.error_output_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(output_, other.output_);
    std::swap(error_output_, other.error_output_);
    return *this;
}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        kill();
        std::ignore = reap(pid_);  // nobody is left to tell
    }
}

void ChildProcess::kill() noexcept {
    if (pid_ > 0) {
        send_signal(pid_, SIGKILL);
    }
}

ChildProcess ChildProcess::adopt(pid_t pid, UniqueFd output) {
    ChildProcess child;
    child.pid_ = pid;
    child.output_ = std::move(output);
    return child;
}

Result<ChildProcess> ChildProcess::spawn(const ProcessOptions& options) {
    QUERN_ASSERT(!options.argv.empty());
    QUERN_TRY(const std::string program, find_program(options.argv.front()));
    const int floor = highest_target(options);
    ChildProcess child;
    SpawnPlan plan;
    std::vector<UniqueFd> copies;
    const auto give = [&](UniqueFd fd, int theirs) {
        copies.push_back(std::move(fd));
        return plan.hand_over(copies.back().get(), theirs);
    };
    if (!options.interactive) {
        QUERN_TRY(
            UniqueFd input,
            options.input_fd >= 0 ? lift(options.input_fd, floor)
                                  : open_input(options.standard_input, floor)
        );
        QUERN_CHECK(give(std::move(input), STDIN_FILENO));
        QUERN_TRY(Pipe output, make_pipe(floor));
        child.output_ = std::move(output.read_end);
        QUERN_CHECK(give(std::move(output.write_end), STDOUT_FILENO));
        if (options.merge_stderr) {
            QUERN_CHECK(plan.hand_over(STDOUT_FILENO, STDERR_FILENO));
        } else {
            QUERN_TRY(Pipe errors, make_pipe(floor));
            child.error_output_ = std::move(errors.read_end);
            QUERN_CHECK(give(std::move(errors.write_end), STDERR_FILENO));
        }
    }
    QUERN_CHECK(plan_descriptors(options, plan, copies));
    QUERN_CHECK(plan.reset_signals(!options.interactive));
    if (!options.working_directory.empty()) {
        QUERN_CHECK(plan.change_directory(options.working_directory));
    }
    std::vector<std::string> argv = options.argv;
    std::vector<std::string> environment;
    for (const auto& [name, value] : options.environment) {
        environment.push_back(fmt::format("{}={}", name, value));
    }
    QUERN_TRY(
        child.pid_, plan.spawn(program, to_c_strings(argv).data(), to_c_strings(environment).data())
    );
    return child;
}

Result<ExitStatus> ChildProcess::wait(
    const Sink& sink, const CancelToken& cancel, std::optional<std::chrono::milliseconds> timeout
) {
    QUERN_ASSERT(pid_ > 0);
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    Termination termination(cancel, timeout);
    std::optional<Clock::time_point> output_deadline;
    for (;;) {
        if (!output_deadline && has_ended(pid_)) {
            output_deadline = Clock::now() + output_grace;
            kill_rest_of_group();
        }
        const bool is_silent = !output_ && !error_output_;
        if (output_deadline && (is_silent || Clock::now() >= *output_deadline)) {
            break;
        }
        termination.advance(pid_);
        const int watched = output_deadline ? -1 : pidfd.get();
        auto interval = termination.interval();
        if (!pidfd || output_deadline) {
            interval = std::min(interval, poll_interval_without_pidfd);
        }
        QUERN_CHECK(read_ready(sink, watched, interval));
    }
    output_ = UniqueFd();
    error_output_ = UniqueFd();
    auto status = reap(std::exchange(pid_, -1));
    if (termination.reason()) {
        return std::move(*termination.reason());
    }
    return status;
}

void ChildProcess::kill_rest_of_group() noexcept {
    if (::getpgid(pid_) == pid_) {
        ::kill(-pid_, SIGKILL);
    }
}

Result<void> ChildProcess::read_ready(
    const Sink& sink, int pidfd, std::chrono::milliseconds interval
) {
    std::array<pollfd, 3> polled = {
        pollfd{.fd = output_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = error_output_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = pidfd, .events = POLLIN, .revents = 0}};
    const int count = ::poll(polled.data(), polled.size(), static_cast<int>(interval.count()));
    if (count < 0) {
        const int err = errno;
        if (err == EINTR) {
            return {};
        }
        return Error::system(err, "waiting for a child process");
    }
    if (polled[0].revents != 0) {
        QUERN_CHECK(read_once(output_, sink, false));
    }
    if (polled[1].revents != 0) {
        QUERN_CHECK(read_once(error_output_, sink, true));
    }
    return {};
}

Result<CapturedOutput> run_captured(const ProcessOptions& options, const CancelToken& cancel) {
    QUERN_TRY(ChildProcess child, ChildProcess::spawn(options));
    CapturedOutput captured;
    bool is_too_much = false;
    const auto keep = [&](std::string_view bytes, bool is_stderr) {
        const std::size_t kept = captured.output.size() + captured.error_output.size();
        if (is_too_much || bytes.size() > max_captured_bytes - kept) {
            is_too_much = true;
            child.kill();
            return;
        }
        (is_stderr ? captured.error_output : captured.output) += bytes;
    };
    QUERN_TRY(captured.status, child.wait(keep, cancel));
    if (is_too_much) {
        const auto name = printable(options.argv.front());
        return Error(ErrorCode::limit, fmt::format("{} printed more than 64 MiB", name));
    }
    return captured;
}

}  // namespace quern
