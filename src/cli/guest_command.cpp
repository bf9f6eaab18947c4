// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/guest_command.hpp"

#include "quern/build.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace quern::cli {

Result<std::unique_ptr<Session>> guest_session(
    const Invocation& invocation, const std::string& runner, bool is_offline
) {
    SessionOptions options;
    options.needs_guest = true;
    options.runner = runner;
    options.offline = is_offline;
    return Session::create(invocation, options);
}

Result<sandbox::Command> guest_command(const std::vector<std::string>& words, bool network) {
    sandbox::Command command;
    command.argv = words.empty() ? std::vector<std::string>{"/bin/sh"} : words;
    command.environment = {
        {"HOME", "/root"},
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin"},
    };
    command.network = network;
    const bool is_typed = ::isatty(STDIN_FILENO) == 1;
    command.interactive = is_typed && ::isatty(STDOUT_FILENO) == 1;
    if (is_typed && !command.interactive && words.empty()) {
        return Error(ErrorCode::usage, "a shell on a terminal needs its output to be one too")
            .help("name a command behind `--`, or give the shell's commands on standard input");
    }
    // Terminals are held by nobody but us.
    command.input_fd = is_typed ? -1 : STDIN_FILENO;
    return command;
}

Result<void> run_in_guest(
    const sandbox::Guest& guest, const sandbox::Command& command, const build::Services& services
) {
    bool is_written = true;
    const auto sink = [&](std::string_view bytes, bool is_stderr) {
        is_written =
            is_written && write_all(is_stderr ? STDERR_FILENO : STDOUT_FILENO, bytes).has_value();
    };
    QUERN_TRY(const ExitStatus status, services.sandbox.run(guest, command, sink, services.cancel));
    if (!status.is_success()) {
        return Error(
            ErrorCode::step_failed,
            fmt::format("'{}' in the guest: {}", command.argv.front(), status.describe())
        );
    }
    return {};
}

}  // namespace quern::cli
