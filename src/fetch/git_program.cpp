// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_program.hpp"

#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace quern::fetch {

namespace {

// What a user may need to reach servers; all else of the environment could change what git does.
constexpr std::array kept_variables = {
    "HOME",
    "XDG_CONFIG_HOME",
    "PATH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
};

std::vector<std::pair<std::string, std::string>> environment() {
    std::vector<std::pair<std::string, std::string>> variables = {
        {"LC_ALL", "C"},
        {"GIT_TERMINAL_PROMPT", "0"},
        {"GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file"},
        {"GIT_ASKPASS", "/bin/false"},
        {"SSH_ASKPASS", "/bin/false"},
        {"SSH_ASKPASS_REQUIRE", "force"},
    };
    for (const char* name : kept_variables) {
        if (const char* value = std::getenv(name); value != nullptr) {
            variables.emplace_back(name, value);
        }
    }
    return variables;
}

// Commit, tag and tree objects are checked as they come: a broken one must not reach libgit2 as if
// it were a good one.
std::vector<std::string> arguments(
    const std::string& program, const std::filesystem::path& mirror
) {
    return {
        program, "--git-dir=" + mirror.string(),
        "-c",    "core.hooksPath=/dev/null",
        "-c",    "core.fsmonitor=false",
        "-c",    "core.attributesFile=/dev/null",
        "-c",    "gc.auto=0",
        "-c",    "maintenance.auto=false",
        "-c",    "safe.directory=*",
        "-c",    "fetch.recurseSubmodules=false",
        "-c",    "fetch.writeCommitGraph=false",
        "-c",    "http.lowSpeedLimit=64",
        "-c",    "http.lowSpeedTime=60",
        "-c",    "protocol.version=2",
    };
}

void add_depth(std::vector<std::string>& argv, const std::filesystem::path& mirror, int depth) {
    std::error_code failure;
    const bool is_shallow = std::filesystem::exists(mirror / "shallow", failure);
    const bool is_empty = std::filesystem::is_empty(mirror / "objects" / "pack", failure);
    if (depth == -1 && is_shallow) {
        argv.emplace_back("--unshallow");
    } else if (depth != -1 && (is_shallow || is_empty)) {
        // A mirror with a whole history stays one.
        argv.emplace_back(fmt::format("--depth={}", depth));
    }
}

std::string explain(std::string_view output, const std::string& repository) {
    std::string text = printable(trim(output), true);
    text = replace_all(std::move(text), repository, redact_url(repository));
    const std::size_t scheme = repository.find("://");
    const std::size_t at = repository.find('@');
    if (scheme != std::string::npos && at != std::string::npos && at > scheme + 3) {
        text = replace_all(std::move(text), repository.substr(scheme + 3, at - scheme - 3), "***");
    }
    constexpr std::size_t most = 600;
    return text.size() <= most ? text : "..." + text.substr(text.size() - most);
}

}  // namespace

std::optional<GitProgram> GitProgram::find() {
    const char* search = std::getenv("PATH");
    for (const std::string_view directory : split(search == nullptr ? "/usr/bin" : search, ':')) {
        std::string path = fmt::format("{}/git", directory);
        if (directory.starts_with('/') && ::access(path.c_str(), X_OK) == 0) {
            return GitProgram(std::move(path));
        }
    }
    return std::nullopt;
}

Result<void> GitProgram::fetch(
    const GitRequest& request,
    const std::filesystem::path& mirror,
    const std::vector<std::string>& refspecs,
    int depth,
    const CancelToken& cancel
) const {
    ProcessOptions options;
    options.argv = arguments(path_, mirror);
    options.argv.insert(
        options.argv.end(), {"fetch", "--quiet", "--force", "--no-write-fetch-head", "--no-auto-gc"}
    );
    add_depth(options.argv, mirror, depth);
    options.argv.insert(options.argv.end(), {"--", request.repository});
    options.argv.insert(options.argv.end(), refspecs.begin(), refspecs.end());
    options.environment = environment();
    options.working_directory = mirror;
    QUERN_TRY(const CapturedOutput captured, run_captured(options, cancel));
    if (captured.status.is_success()) {
        return {};
    }
    if (depth != -1 && captured.output.find("shallow") != std::string::npos) {
        return fetch(request, mirror, refspecs, -1, cancel);  // plain files over http
    }
    return Error(
        ErrorCode::network,
        fmt::format(
            "git repository {}: fetching: {}",
            redact_url(request.repository),
            explain(captured.output + captured.error_output, request.repository)
        )
    );
}

}  // namespace quern::fetch
