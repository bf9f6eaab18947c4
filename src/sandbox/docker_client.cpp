// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/docker_client.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace quern::sandbox {

namespace {

constexpr std::size_t shown_bytes = 2000;

/// What the client needs of our environment; everything else stays out of it.
constexpr std::array<const char*, 7> passed_on = {
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY"};

Error complaint(const std::vector<std::string>& words, std::string_view text) {
    constexpr std::string_view prefix = "Error response from daemon: ";
    text = trim(text);
    text = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
    return Error(
               ErrorCode::sandbox,
               fmt::format("docker {}: {}", words.front(), printable(text.substr(0, shown_bytes)))
    )
        .help("run 'quern doctor' for what this machine offers");
}

}  // namespace

ProcessOptions docker_call(
    std::vector<std::string> words,
    const std::vector<std::pair<std::string, std::string>>& variables
) {
    ProcessOptions options;
    options.argv = {"docker"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    for (const char* const name : passed_on) {
        if (const char* const value = std::getenv(name); value != nullptr) {
            options.environment.emplace_back(name, value);
        }
    }
    options.environment.insert(options.environment.end(), variables.begin(), variables.end());
    return options;
}

Result<std::string> call_docker(
    std::vector<std::string> words, const CancelToken& cancel, int input
) {
    ProcessOptions options = docker_call(words);
    options.merge_stderr = false;
    options.input_fd = input;
    QUERN_TRY(const CapturedOutput done, run_captured(options, cancel));
    if (!done.status.is_success()) {
        return complaint(words, done.error_output);
    }
    return done.output;
}

Result<UniqueFd> call_docker_for_file(
    std::vector<std::string> words, const std::filesystem::path& scratch, const CancelToken& cancel
) {
    QUERN_TRY(UniqueFd file, make_unnamed_file(scratch));
    ProcessOptions options = docker_call(words);
    options.merge_stderr = false;
    QUERN_TRY(ChildProcess process, ChildProcess::spawn(options));
    std::string errors;
    Result<void> written;
    const auto sink = [&](std::string_view bytes, bool is_stderr) {
        if (is_stderr) {
            errors.append(bytes.substr(0, shown_bytes));
        } else if (written) {
            written = write_all(file.get(), bytes);
        }
    };
    QUERN_TRY(const ExitStatus status, process.wait(sink, cancel));
    QUERN_CHECK(std::move(written));
    if (!status.is_success()) {
        return complaint(words, errors);
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "rewinding what docker gave");
    }
    return file;
}

}  // namespace quern::sandbox
