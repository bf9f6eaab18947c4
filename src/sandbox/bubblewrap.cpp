// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// One bubblewrap process for each command. Its options, which hold the environment, go through a
// memory file, so that nobody reads them from /proc. The trees that a guest sees are handed over as
// detached mounts: the guest's root need not be able to walk the user's directories.
#include "sandbox/bubblewrap.hpp"

#include "quern/sandbox.hpp"
#include "sandbox/bubblewrap_arguments.hpp"
#include "sandbox/bubblewrap_status.hpp"
#include "sandbox/command_group.hpp"
#include "sandbox/command_streams.hpp"
#include "sandbox/find_program.hpp"
#include "sandbox/namespace_spawn.hpp"
#include "sandbox/obstacle.hpp"
#include "sandbox/ownership_supervisor.hpp"
#include "sandbox/pipe.hpp"
#include "sandbox/seccomp_filter.hpp"
#include "sandbox/staging.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

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

/// The descriptors of one run; what is the child's is closed once it runs.
struct Channels {
    CommandStreams streams;
    Pipe status;
    UniqueFd arguments;
    UniqueFd seccomp;
    ListenerSocket listener;  ///< only where owners are noted
};

Result<Channels> open_channels(const std::vector<std::string>& options, const Command& command) {
    Channels channels;
    QUERN_TRY(channels.streams, CommandStreams::open(command));
    QUERN_TRY(channels.status, make_pipe());
    QUERN_TRY(channels.arguments, make_argument_file(options));
    QUERN_TRY(channels.seccomp, make_seccomp_file());
    return channels;
}

std::vector<std::pair<int, int>> descriptors_of(const Channels& channels) {
    std::vector<std::pair<int, int>> result = channels.streams.descriptors();
    result.emplace_back(channels.arguments.get(), BubblewrapDescriptors::arguments);
    result.emplace_back(channels.status.write_end.get(), BubblewrapDescriptors::status);
    result.emplace_back(channels.seccomp.get(), BubblewrapDescriptors::seccomp);
    return result;
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
                             "environment.contents.packages (busybox has /bin/sh), for a test in "
                             "the environment of that test"
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
    Result<pid_t> spawn(
        const Guest& guest, const Command& command, const CommandGroup& group, Channels& channels
    ) const;
    std::string program_;
    const UserNamespace& user_namespace_;
};

Result<pid_t> Bubblewrap::spawn(
    const Guest& guest, const Command& command, const CommandGroup& group, Channels& channels
) const {
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
    QUERN_TRY(channels, open_channels(options, command));
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
    QUERN_TRY(
        channels.listener, OwnershipSupervisor::prepare(command, user_namespace_.ids(), spawn)
    );
    spawn.own_terminal = command.interactive;
    spawn.limits = OwnLimits::of(command.limits, group);
    spawn.groups = group.entrances();
    return spawn_in_namespace(spawn);
}

Result<ExitStatus> Bubblewrap::run(
    const Guest& guest, const Command& command, const OutputSink& output, const CancelToken& cancel
) {
    QUERN_ASSERT(!command.argv.empty());
    QUERN_CHECK(cancel.check());
    QUERN_CHECK(check_mount_points(guest));
    Channels channels;
    const CommandGroup group = CommandGroup::create(command.limits);
    QUERN_TRY(const pid_t pid, spawn(guest, command, group, channels));
    QUERN_TRY(ChildProcess process, channels.streams.adopt(pid));
    QUERN_TRY(
        const OwnershipSupervisor supervisor,
        OwnershipSupervisor::start(std::move(channels.listener))
    );
    channels.status.write_end = UniqueFd();
    OutputKeeper keeper(command, output);
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
    return group.judge(exit, command.limits);
}

}  // namespace

std::optional<Obstacle> bubblewrap_obstacle() {
    const std::string program = find_program("bwrap");
    if (program.empty()) {
        return Obstacle{
            "bubblewrap (bwrap) is not installed", "run 'sudo apt-get install bubblewrap'"};
    }
    struct stat status = {};
    if (::stat(program.c_str(), &status) != 0 || (status.st_mode & (S_ISUID | S_ISGID)) != 0) {
        // Source: CVE-2026-41163, ptrace of a setuid bubblewrap.
        return Obstacle{
            fmt::format("{} is setuid, which is not safe to use", program),
            fmt::format("run 'sudo chmod u-s {}'; quern needs user namespaces only", program)};
    }
    return std::nullopt;
}

Result<std::unique_ptr<Sandbox>> make_bubblewrap(const UserNamespace& user_namespace) {
    if (const auto obstacle = bubblewrap_obstacle()) {
        return to_error(*obstacle);
    }
    return std::unique_ptr<Sandbox>(
        std::make_unique<Bubblewrap>(find_program("bwrap"), user_namespace)
    );
}

}  // namespace quern::sandbox
