// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/session.hpp"
#include "quern/error.hpp"
#include "quern/sandbox.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quern::build {
struct Services;
}

namespace quern::cli {

/// The session of a command that runs in a guest. `runner` is --runner.
Result<std::unique_ptr<Session>> guest_session(
    const Invocation& invocation, const std::string& runner, bool is_offline
);

/// A command as a user wants it in a guest: a shell unless `words` name another, on this terminal
/// if there is one, else with this process's standard input. Errors: usage (a shell whose input is
/// a terminal, and its output none).
Result<sandbox::Command> guest_command(const std::vector<std::string>& words, bool network);

/// Runs it and passes its output on. Errors: those of the sandbox; step_failed (it failed).
Result<void> run_in_guest(
    const sandbox::Guest& guest, const sandbox::Command& command, const build::Services& services
);

}  // namespace quern::cli
