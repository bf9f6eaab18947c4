// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "quern/error.hpp"
#include "quern/reporter.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace quern::cli {

/// Whether escape sequences may be written to descriptor `fd`: `--color`, then NO_COLOR,
/// CLICOLOR_FORCE, and whether it is a terminal that knows them.
bool wants_color(const GlobalOptions& global, int fd);

/// A live status line on a terminal, one line an event elsewhere, JSON lines with --format json;
/// all on stderr.
std::unique_ptr<Reporter> make_reporter(const GlobalOptions& global);

/// Writes a result to stdout. Errors: io (a closed pipe is none).
Result<void> print(std::string_view text);

/// The one message of a failed command, on stderr.
void print_error(const Error& error, const GlobalOptions& global);

}  // namespace quern::cli
