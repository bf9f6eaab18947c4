// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/call_error.hpp"
#include "cli/command.hpp"
#include "cli/exit_status.hpp"
#include "cli/terminal.hpp"
#include "config.hpp"
#include "support/cancel.hpp"
#include "support/log.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <string>

namespace quern::cli {
namespace {

CancelToken& process_cancel() {
    static CancelToken token;
    return token;
}

// What does not look at the token ends without cleaning up, as by kill -9: the next start does.
constexpr unsigned seconds_to_stop = 5;

extern "C" void request_stop(int) {
    process_cancel().request();
    ::alarm(seconds_to_stop);
}

extern "C" void end_at_once(int) {
    ::_exit(exit_status(ErrorCode::interrupted));
}

// A second signal ends the process at once: the handler is gone after the first.
void install_signal_handlers() {
    static_cast<void>(process_cancel());
    struct sigaction action = {};
    action.sa_handler = request_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        ::sigaction(number, &action, nullptr);
    }
    struct sigaction late = {};
    late.sa_handler = end_at_once;
    ::sigaction(SIGALRM, &late, nullptr);
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
}

void configure_log(const GlobalOptions& global) {
    const char* filter = std::getenv("QUERN_LOG");
    const bool is_debug = global.log_level == "debug" || global.verbosity > 1;
    log::configure(is_debug ? log::Level::debug : log::Level::off, filter == nullptr ? "" : filter);
}

std::string exit_status_text() {
    std::string text = "Exit status:\n";
    for (const StatusMeaning& status : status_meanings()) {
        text += fmt::format("  {:<4} {}\n", status.status, status.meaning);
    }
    return text;
}

int parse_and_run(int argc, char** argv) {
    const std::span<const char* const> call(argv, static_cast<std::size_t>(argc));
    const auto words = call.subspan(call.empty() ? 0 : 1);
    GlobalOptions global;
    CLI::App app{"quern grinds source into signed APK packages", "quern"};
    app.set_version_flag("--version", fmt::format("quern {}", QUERN_VERSION));
    app.footer(exit_status_text() + "`quern COMMAND --help` shows flags and examples.");
    add_global_flags(app, global);
    Run chosen;
    add_commands(app, command_definitions(), words, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            return app.exit(error);  // --help and --version
        }
        print_error(explain_call(app, error, words), global);
        return status_usage;
    }
    configure_log(global);
    global.limits.package.cancel = &process_cancel();
    const Invocation invocation = {global, process_cancel(), {argv, argv + argc}};
    if (auto done = chosen(invocation); !done) {
        print_error(done.error(), global);
        return exit_status(done.error().code());
    }
    return 0;
}

}  // namespace
}  // namespace quern::cli

int main(int argc, char** argv) {
    // No output of ours is writable for others, whatever the caller's umask (attacks P9).
    ::umask(022);
    quern::cli::install_signal_handlers();
    try {
        return quern::cli::parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "quern: internal error: %s\n", error.what());
        return quern::cli::status_internal;
    }
}
