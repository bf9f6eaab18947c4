// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "quern/error.hpp"
#include "quern/reporter.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {

/// Whether escape sequences may be written to descriptor `fd`: `--color`, then NO_COLOR,
/// CLICOLOR_FORCE, and whether it is a terminal that knows them.
bool wants_color(const GlobalOptions& global, int fd);

/// A live status line on a terminal, one line an event elsewhere, JSON lines with --format json;
/// all on stderr.
std::unique_ptr<Reporter> make_reporter(const GlobalOptions& global);

/// Writes a result to stdout. Errors: io (a closed pipe is none).
Result<void> print(std::string_view text);

/// One line; bytes that are no UTF-8 (of a path, say) are replaced.
std::string to_json_text(const nlohmann::ordered_json& json);

/// A result that is one text: as it is, or with --format json `{NAME: TEXT}`.
Result<void> print_text(const char* name, const std::string& text, const GlobalOptions& global);

/// Tells what a command wrote: a path a line, or with --format json `{written: [PATH]}`.
Result<void> print_written(const std::vector<std::string>& paths, const GlobalOptions& global);

/// The one message of a failed command, on stderr.
void print_error(const Error& error, const GlobalOptions& global);

}  // namespace quern::cli
