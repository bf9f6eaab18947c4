// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// One bubblewrap process for each command. Its options, which hold the environment, go through a
// memory file, so that nobody reads them from /proc. The trees that a guest sees are handed over as
// detached mounts: the guest's root need not be able to walk the user's directories.
#include "quern/sandbox.hpp"
#include "sandbox/bubblewrap_arguments.hpp"
#include "sandbox/bubblewrap_status.hpp"
#include "sandbox/namespace_spawn.hpp"
#include "sandbox/pipe.hpp"
#include "sandbox/seccomp_filter.hpp"
#include "sandbox/terminal_relay.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

/// Output that is kept to explain a sandbox that could not be made.
constexpr std::size_t max_complaint_bytes = 4096;

Result<UniqueFd> open_path(const char* path, int flags) {
    UniqueFd fd(::open(path, flags | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return system_error(err, fmt::format("opening {}", path));
    }
    return fd;
}

/// A file without a name that holds `bytes`, to be read from its start.
Result<UniqueFd> make_memory_file(std::string_view bytes) {
    UniqueFd fd(::memfd_create("bubblewrap", MFD_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return system_error(err, "making a memory file for a sandbox");
    }
    QUERN_CHECK(write_all(fd.get(), bytes));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
        const int err = errno;
        return system_error(err, "rewinding a memory file");
    }
    return fd;
}

/// The words, each ended by NUL.
Result<UniqueFd> make_argument_file(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        if (word.find('\0') != std::string::npos) {
            return Error(
                ErrorCode::sandbox, "an argument or a variable of a step holds a NUL byte"
            );
        }
        text.append(word);
        text.push_back('\0');
    }
    return make_memory_file(text);
}

Result<UniqueFd> make_seccomp_file() {
    const std::vector<sock_filter> program = seccomp_program();
    const auto bytes = std::as_bytes(std::span(program));
    return make_memory_file({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// A step that ran before may have replaced a mount point by a link; bubblewrap would follow it.
Result<void> check_mount_point(int root, const std::string& target) {
    const std::size_t begin = target.find_first_not_of('/');
    if (target.empty() || target.front() != '/' || begin == std::string::npos) {
        return Error(
            ErrorCode::sandbox,
            fmt::format("'{}' cannot be a mount point in a guest", printable(target))
        );
    }
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const UniqueFd fd(
        static_cast<int>(::syscall(SYS_openat2, root, target.c_str() + begin, &how, sizeof how))
    );
    const int err = errno;
    if (fd || err == ENOENT) {
        return {};
    }
    if (err == ELOOP) {
        return Error(
            ErrorCode::sandbox,
            fmt::format(
                "the mount point {} in the guest is, or lies below, a symbolic link",
                printable(target)
            )
        );
    }
    return system_error(
        err, fmt::format("looking at the mount point {} in the guest", printable(target))
    );
}

Result<void> check_mount_points(const Guest& guest) {
    QUERN_TRY(const UniqueFd root, open_path(guest.root.c_str(), O_PATH | O_DIRECTORY));
    for (const Mount& mount : guest.mounts) {
        QUERN_CHECK(check_mount_point(root.get(), mount.target));
    }
    QUERN_CHECK(check_mount_point(root.get(), "/proc"));
    return check_mount_point(root.get(), "/dev");
}

/// The guest as the bubblewrap process sees it: every source is one of the staged trees.
Result<Guest> stage(const Guest& guest, std::vector<DetachedTree>& trees) {
    Guest staged;
    const auto add = [&](const std::filesystem::path& source) -> Result<std::filesystem::path> {
        QUERN_TRY(DetachedTree tree, DetachedTree::open(source));
        trees.push_back(std::move(tree));
        return std::filesystem::path(staged_path(trees.size() - 1));
    };
    QUERN_TRY(staged.root, add(guest.root));
    for (const Mount& mount : guest.mounts) {
        QUERN_TRY(std::filesystem::path source, add(mount.source));
        staged.mounts.push_back(
            {.source = std::move(source), .target = mount.target, .read_only = mount.read_only}
        );
    }
    return staged;
}

/// The descriptors of one run; what is the child's is closed once it runs.
struct Channels {
    UniqueFd input;
    Pipe output;
    std::optional<TerminalRelay> terminal;  ///< in place of both
    Pipe status;
    UniqueFd arguments;
    UniqueFd seccomp;
};

Result<Channels> open_channels(const std::vector<std::string>& options, bool interactive) {
    Channels channels;
    if (interactive) {
        QUERN_TRY(TerminalRelay terminal, TerminalRelay::open());
        channels.terminal.emplace(std::move(terminal));
    } else {
        QUERN_TRY(channels.input, open_path("/dev/null", O_RDONLY));
        QUERN_TRY(channels.output, make_pipe());
    }
    QUERN_TRY(channels.status, make_pipe());
    QUERN_TRY(channels.arguments, make_argument_file(options));
    QUERN_TRY(channels.seccomp, make_seccomp_file());
    return channels;
}

std::vector<std::pair<int, int>> descriptors_of(const Channels& channels) {
    std::vector<std::pair<int, int>> result;
    if (channels.terminal) {
        for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            result.emplace_back(channels.terminal->command_end(), number);
        }
    } else {
        result.emplace_back(channels.input.get(), STDIN_FILENO);
        result.emplace_back(channels.output.write_end.get(), STDOUT_FILENO);
        result.emplace_back(channels.output.write_end.get(), STDERR_FILENO);
    }
    result.emplace_back(channels.arguments.get(), BubblewrapDescriptors::arguments);
    result.emplace_back(channels.status.write_end.get(), BubblewrapDescriptors::status);
    result.emplace_back(channels.seccomp.get(), BubblewrapDescriptors::seccomp);
    return result;
}

/// Passes output on and keeps its beginning.
class ComplaintKeeper {
 public:
    explicit ComplaintKeeper(OutputSink next) : next_(std::move(next)) {}
    void operator()(std::string_view bytes, bool is_stderr) {
        text_.append(bytes.substr(0, max_complaint_bytes - text_.size()));
        if (next_) {
            next_(bytes, is_stderr);
        }
    }
    const std::string& text() const { return text_; }

 private:
    OutputSink next_;
    std::string text_;
};

void write_to_terminal(std::string_view bytes, bool) {
    std::ignore = write_all(STDOUT_FILENO, bytes);  // a terminal that is gone reads nothing
}

bool is_start_failure(
    const std::optional<int>& code, const ExitStatus& exit, std::string_view output
) {
    if (exit.is_success() || !exit.exited) {
        return false;
    }
    // The command's program is looked for last, when bubblewrap already counts it as running.
    return !code ||
           (output.starts_with("bwrap: execvp ") && output.find('\n') + 1 == output.size());
}

Error start_error(std::string_view complaint) {
    std::string text = printable(trim(complaint));
    constexpr std::string_view prefix = "bwrap: ";
    if (text.starts_with(prefix)) {
        text.erase(0, prefix.size());
    }
    const bool has_no_program = text.starts_with("execvp ");
    return Error(ErrorCode::sandbox, "bubblewrap could not start the command: " + text)
        .help(
            has_no_program ? "the guest has no such program: its package belongs in "
                             "environment.contents.packages (busybox has /bin/sh)"
                           : "run 'quern doctor' for what this machine offers"
        );
}

class Bubblewrap final : public Sandbox {
 public:
    Bubblewrap(std::string program, const UserNamespace& user_namespace)
        : program_(std::move(program)), user_namespace_(user_namespace) {}

    std::string_view name() const override { return "bubblewrap"; }
    Result<ExitStatus> run(
        const Guest& guest,
        const Command& command,
        const OutputSink& output,
        const CancelToken& cancel
    ) override;

 private:
    Result<pid_t> spawn(const Guest& guest, const Command& command, Channels& channels) const;
    std::string program_;
    const UserNamespace& user_namespace_;
};

Result<pid_t> Bubblewrap::spawn(const Guest& guest, const Command& command, Channels& channels)
    const {
    const IdentityMode mode = identity_mode(command, user_namespace_.ids().count);
    NamespaceSpawn spawn;
    spawn.program = program_;
    QUERN_TRY(const Guest staged, stage(guest, spawn.trees));
    std::vector<std::string> options = bubblewrap_options(staged, command, mode);
    options.insert(
        options.begin(),
        {"--json-status-fd",
         std::to_string(BubblewrapDescriptors::status),
         "--seccomp",
         std::to_string(BubblewrapDescriptors::seccomp)}
    );
    QUERN_TRY(channels, open_channels(options, command.interactive));
    spawn.argv = {"bwrap", "--args", std::to_string(BubblewrapDescriptors::arguments), "--"};
    spawn.argv.insert(spawn.argv.end(), command.argv.begin(), command.argv.end());
    spawn.descriptors = descriptors_of(channels);
    if (mode == IdentityMode::joined) {
        spawn.descriptors.emplace_back(
            user_namespace_.guest_fd(), BubblewrapDescriptors::user_namespace
        );
    } else {
        spawn.user_namespace = user_namespace_.guest_fd();
        spawn.gid = mode == IdentityMode::inherited ? command.gid : 0;
    }
    spawn.own_terminal = command.interactive;
    return spawn_in_namespace(spawn);
}

Result<ExitStatus> Bubblewrap::run(
    const Guest& guest, const Command& command, const OutputSink& output, const CancelToken& cancel
) {
    QUERN_ASSERT(!command.argv.empty());
    QUERN_CHECK(cancel.check());
    QUERN_CHECK(check_mount_points(guest));
    Channels channels;
    QUERN_TRY(const pid_t pid, spawn(guest, command, channels));
    auto from_command = channels.terminal ? channels.terminal->start()
                                          : Result<UniqueFd>(std::move(channels.output.read_end));
    ChildProcess process =
        ChildProcess::adopt(pid, from_command ? std::move(*from_command) : UniqueFd());
    if (!from_command) {
        return std::move(from_command).error();
    }
    channels.output.write_end = UniqueFd();
    channels.status.write_end = UniqueFd();
    ComplaintKeeper keeper(command.interactive ? OutputSink(write_to_terminal) : output);
    const ChildProcess::Sink sink = [&](std::string_view bytes, bool is_stderr) {
        keeper(bytes, is_stderr);
    };
    // bubblewrap is the first process of a pid namespace: when it has been reaped, nothing in it is
    // alive.
    QUERN_TRY(const ExitStatus exit, process.wait(sink, cancel, command.timeout));
    const auto code = exit_code_in(read_to_end(channels.status.read_end.get()));
    if (is_start_failure(code, exit, keeper.text())) {
        return start_error(keeper.text());
    }
    return exit;
}

Result<std::string> find_bubblewrap() {
    const char* const search = std::getenv("PATH");
    for (const std::string_view directory :
         split(search != nullptr ? search : "/usr/bin:/bin", ':')) {
        std::string path = fmt::format("{}/bwrap", directory);
        if (!directory.empty() && directory.front() == '/' && ::access(path.c_str(), X_OK) == 0) {
            return path;
        }
    }
    return Error(ErrorCode::sandbox, "bubblewrap (bwrap) is not installed")
        .help("run 'sudo apt-get install bubblewrap'");
}

}  // namespace

Result<std::unique_ptr<Sandbox>> make_bubblewrap(const UserNamespace& user_namespace) {
    QUERN_TRY(std::string program, find_bubblewrap());
    struct stat status = {};
    if (::stat(program.c_str(), &status) != 0 || (status.st_mode & (S_ISUID | S_ISGID)) != 0) {
        // Source: CVE-2026-41163, ptrace of a setuid bubblewrap.
        return Error(
                   ErrorCode::sandbox,
                   fmt::format("{} is setuid, which is not safe to use", program)
        )
            .help(fmt::format("run 'sudo chmod u-s {}'; quern needs user namespaces only", program)
            );
    }
    return std::unique_ptr<Sandbox>(std::make_unique<Bubblewrap>(std::move(program), user_namespace)
    );
}

}  // namespace quern::sandbox
