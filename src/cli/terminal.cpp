// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include "cli/next_move.hpp"
#include "support/atomic_file.hpp"
#include "support/json_reporter.hpp"
#include "support/plain_reporter.hpp"
#include "support/terminal_reporter.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <tuple>

namespace quern::cli {
namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

bool is_live_terminal(int fd) {
    const char* kind = std::getenv("TERM");
    const bool is_dumb = kind == nullptr || std::string_view(kind) == "dumb";
    return ::isatty(fd) == 1 && !is_dumb && !is_set("CI");
}

std::size_t terminal_width(int fd) {
    winsize size = {};
    constexpr std::size_t fallback = 100;
    return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : fallback;
}

// Multi-line messages hold output of steps, which was made printable line by line where it was
// kept.
std::string indent_lines(std::string_view text) {
    return replace_all(printable(text, true), "\n", "\n  ");
}

std::string_view name_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::io:
            return "io";
        case ErrorCode::not_found:
            return "not-found";
        case ErrorCode::invalid_recipe:
            return "invalid-recipe";
        case ErrorCode::invalid_data:
            return "invalid-data";
        case ErrorCode::step_failed:
            return "step-failed";
        case ErrorCode::sandbox:
            return "sandbox";
        case ErrorCode::network:
            return "network";
        case ErrorCode::digest_mismatch:
            return "digest-mismatch";
        case ErrorCode::signature:
            return "signature";
        case ErrorCode::unsatisfiable:
            return "unsatisfiable";
        case ErrorCode::limit:
            return "limit";
        case ErrorCode::interrupted:
            return "interrupted";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::usage:
            return "usage";
    }
    return "internal";
}

}  // namespace

bool wants_color(const GlobalOptions& global, int fd) {
    if (global.color != "auto") {
        return global.color == "always";
    }
    if (is_set("NO_COLOR")) {
        return false;
    }
    return is_set("CLICOLOR_FORCE") || is_live_terminal(fd);
}

std::unique_ptr<Reporter> make_reporter(const GlobalOptions& global) {
    ReporterOptions options;
    options.width = terminal_width(STDERR_FILENO);
    options.colour = wants_color(global, STDERR_FILENO);
    options.verbose = global.verbosity > 0;
    options.quiet = global.quiet;
    if (global.format == "json") {
        return std::make_unique<JsonReporter>(STDERR_FILENO, options);
    }
    if (is_live_terminal(STDERR_FILENO)) {
        return std::make_unique<TerminalReporter>(STDERR_FILENO, options);
    }
    return std::make_unique<PlainReporter>(STDERR_FILENO, options);
}

Result<void> print(std::string_view text) {
    auto written = write_all(STDOUT_FILENO, text);
    if (!written && errno == EPIPE) {
        return {};  // the reader has seen enough
    }
    return written;
}

std::string to_json_text(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<void> print_text(const char* name, const std::string& text, const GlobalOptions& global) {
    if (global.format != "json") {
        return print(text);
    }
    return print(to_json_text({{name, text}}));
}

Result<void> print_written(const std::vector<std::string>& paths, const GlobalOptions& global) {
    if (global.format == "json") {
        return print(to_json_text({{"written", paths}}));
    }
    std::string text;
    for (const std::string& path : paths) {
        text += path + "\n";
    }
    return print(text);
}

void print_error(const Error& error, const GlobalOptions& global) {
    std::string text;
    if (global.format == "json") {
        const nlohmann::ordered_json json = {
            {"event", "error"},
            {"code", name_of(error.code())},
            {"message", error.message()},
            {"help", next_move(error)},
        };
        text = to_json_text(json);
    } else {
        const bool color = wants_color(global, STDERR_FILENO);
        text = fmt::format(
            "{}quern: error:{} {}\n",
            color ? "\x1b[1;31m" : "",
            color ? "\x1b[0m" : "",
            indent_lines(error.message())
        );
        if (const std::string help = next_move(error); !help.empty()) {
            text += fmt::format("  help: {}\n", indent_lines(help));
        }
    }
    std::ignore = write_all(STDERR_FILENO, text);  // there is nowhere left to say that this failed
}

}  // namespace quern::cli
