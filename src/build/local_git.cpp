// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/local_git.hpp"

#include "sandbox/find_program.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

namespace quern::build {

Result<std::string> run_git(
    const std::filesystem::path& directory,
    const std::vector<std::string>& words,
    const CancelToken& cancel,
    int accepted
) {
    ProcessOptions options;
    options.argv = {
        sandbox::find_program("git"),
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.attributesFile=/dev/null",
        "-c",
        "core.autocrlf=false",
        "-c",
        "commit.gpgSign=false",
        "-c",
        "gc.auto=0",
        "-c",
        "safe.directory=*"};
    if (options.argv.front().empty()) {
        return Error(ErrorCode::unsupported, "git is not installed")
            .help("run 'sudo apt-get install git'");
    }
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    // Commits of ours are the same wherever and whenever they are made.
    options.environment = {
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"LC_ALL", "C"},
        {"HOME", "/nonexistent"},
        {"GIT_CONFIG_NOSYSTEM", "1"},
        {"GIT_CONFIG_GLOBAL", "/dev/null"},
        {"GIT_TERMINAL_PROMPT", "0"},
        {"GIT_AUTHOR_NAME", "quern"},
        {"GIT_AUTHOR_EMAIL", "quern@localhost"},
        {"GIT_AUTHOR_DATE", "1980-01-01T00:00:00Z"},
        {"GIT_COMMITTER_NAME", "quern"},
        {"GIT_COMMITTER_EMAIL", "quern@localhost"},
        {"GIT_COMMITTER_DATE", "1980-01-01T00:00:00Z"},
    };
    options.working_directory = directory;
    QUERN_TRY(const CapturedOutput captured, run_captured(options, cancel));
    const bool is_accepted = captured.status.exited && captured.status.value == accepted;
    if (!captured.status.is_success() && !is_accepted) {
        constexpr std::size_t shown = 600;
        return Error(
            ErrorCode::invalid_data,
            fmt::format(
                "git {}: {}",
                words.front(),
                printable(trim(captured.output + captured.error_output), true).substr(0, shown)
            )
        );
    }
    return captured.output;
}

}  // namespace quern::build
