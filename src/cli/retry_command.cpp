// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/last_failure.hpp"
#include "cli/command.hpp"
#include "cli/session.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

struct RetryFlags {
    std::vector<std::string> more;
    std::string save_patch;
};

constexpr const char* patch_flag = "--save-patch";

// In place of the one of an earlier retry. The file is meant from here, not from where the build
// was called.
Result<void> add_patch_file(std::vector<std::string>& words, const std::string& file) {
    if (std::find(words.begin(), words.end(), "build") == words.end()) {
        return Error(ErrorCode::usage, "the last failure was that of a test, which saves no patch")
            .help("use `quern enter --save-patch`");
    }
    const auto earlier = std::find(words.begin(), words.end(), patch_flag);
    if (earlier != words.end()) {
        words.erase(earlier, std::min(earlier + 2, words.end()));
    }
    std::error_code failure;
    const std::filesystem::path place = std::filesystem::absolute(file, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("finding {}", file));
    }
    words.emplace_back(patch_flag);
    words.push_back(place.string());
    return {};
}

// The program itself, whatever has become of its file since it was started.
constexpr const char* this_program = "/proc/self/exe";

Result<void> run_retry(const RetryFlags& flags, const Invocation& invocation) {
    QUERN_TRY(const std::filesystem::path cache, cache_directory(invocation.global));
    QUERN_TRY(build::LastFailure last, build::read_last_failure(cache));
    if (!flags.save_patch.empty()) {
        QUERN_CHECK(add_patch_file(last.command_line, flags.save_patch));
    }
    last.command_line.insert(last.command_line.end(), flags.more.begin(), flags.more.end());
    std::vector<std::string> shown;
    std::vector<char*> words;
    for (std::string& word : last.command_line) {
        shown.push_back(shell_quote(redact_url(word)));
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    if (last.command_line.empty() || ::chdir(last.directory.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("going to {}", last.directory.string()));
    }
    if (!invocation.global.quiet && invocation.global.format != "json") {
        std::fprintf(stderr, "%s\n", join(shown, " ").c_str());
    }
    ::execv(this_program, words.data());
    const int err = errno;
    return Error::system(err, "starting quern again");
}

}  // namespace

Run define_retry(CLI::App& app) {
    const auto flags = std::make_shared<RetryFlags>();
    add_option(
        app,
        patch_flag,
        flags->save_patch,
        "open a shell where the step fails again; what it changes of text files goes in this file, "
        "as a patch (-p1)"
    );
    add_option(app, "words", flags->more, "flags to add, behind `--`");
    return [flags](const Invocation& invocation) { return run_retry(*flags, invocation); };
}

}  // namespace quern::cli
