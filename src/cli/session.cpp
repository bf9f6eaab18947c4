// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/session.hpp"

#include "cli/terminal.hpp"
#include "fetch/content_store.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

std::string environment_value(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// Of commands that run nothing.
class NoSandbox final : public sandbox::Sandbox {
 public:
    std::string_view name() const override { return "none"; }
    Result<ExitStatus>
    run(const sandbox::Guest&,
        const sandbox::Command&,
        const sandbox::OutputSink&,
        const CancelToken&) override {
        return Error(ErrorCode::sandbox, "this command runs nothing in a guest");
    }
};

Result<sandbox::OpenRunner> open_runner_named(
    const std::string& name, bool has_single_id, const std::filesystem::path& cache
) {
    const auto runner = sandbox::parse_runner(name);
    if (!runner) {
        return Error(ErrorCode::usage, fmt::format("there is no runner '{}'", printable(name)));
    }
    using Range = sandbox::UserNamespace::Range;
    return sandbox::open_runner(
        {*runner, has_single_id ? Range::single : Range::automatic, cache / "runner"}
    );
}

}  // namespace

Result<std::filesystem::path> cache_directory(const GlobalOptions& global) {
    if (!global.cache_directory.empty()) {
        return std::filesystem::absolute(global.cache_directory);
    }
    if (const std::string own = environment_value("QUERN_CACHE_DIR"); !own.empty()) {
        return std::filesystem::absolute(own);
    }
    if (const std::string base = environment_value("XDG_CACHE_HOME"); base.starts_with('/')) {
        return std::filesystem::path(base) / "quern";
    }
    if (const std::string home = environment_value("HOME"); home.starts_with('/')) {
        return std::filesystem::path(home) / ".cache" / "quern";
    }
    return Error(ErrorCode::usage, "there is no place for the cache: HOME is not set")
        .help("name a directory with --cache-root or QUERN_CACHE_DIR");
}

struct Session::State {
    std::filesystem::path cache;
    std::unique_ptr<Reporter> reporter;
    sandbox::OpenRunner runner;
    std::unique_ptr<ThreadPool> pool;
    std::optional<fetch::HttpClient> http;
    std::optional<fetch::ContentStore> content;
    std::optional<fetch::Fetcher> fetcher;
    std::optional<repository::PackageStore> store;
    fetch::GitLibrary git;
    DiskFileReader reader;
    const CancelToken* cancel = nullptr;
    InputLimits limits;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::create(
    const Invocation& invocation, const SessionOptions& options
) {
    auto state = std::make_unique<State>();
    state->cancel = &invocation.cancel;
    QUERN_TRY(state->cache, cache_directory(invocation.global));
    std::error_code failure;
    std::filesystem::create_directories(state->cache, failure);
    if (failure) {
        return Error::system(
                   failure.value(), fmt::format("making the cache {}", state->cache.string())
        )
            .help("name another directory with --cache-root");
    }
    if (options.needs_guest) {
        QUERN_TRY(
            state->runner,
            open_runner_named(options.runner, invocation.global.single_id, state->cache)
        );
    } else {
        state->runner.sandbox = std::make_unique<NoSandbox>();
    }
    state->reporter = make_reporter(invocation.global);
    state->pool = std::make_unique<ThreadPool>(invocation.global.threads);
    QUERN_TRY(fetch::HttpClient http, fetch::HttpClient::create(environment_value("HTTP_AUTH")));
    state->http.emplace(std::move(http));
    std::vector<std::filesystem::path> content = {state->cache / "content"};
    content.insert(
        content.end(), options.content_directories.begin(), options.content_directories.end()
    );
    state->content.emplace(std::move(content));
    const InputLimits& limits = invocation.global.limits;
    state->limits = limits;
    state->fetcher.emplace(
        *state->http, *state->content, invocation.cancel, options.offline, limits.http
    );
    state->store.emplace(
        repository::StoreOptions{
            .directory = state->cache / "packages",
            .offline = options.offline,
            .limits = limits.package,
            .parallel_downloads = std::max<std::uint64_t>(limits.parallel_downloads, 1),
            .size_limit = limits.package_cache_bytes},
        *state->fetcher
    );
    return std::unique_ptr<Session>(new Session(std::move(state)));
}

Reporter& Session::reporter() {
    return *state_->reporter;
}
ThreadPool& Session::pool() {
    return *state_->pool;
}
fetch::Fetcher& Session::fetcher() {
    return *state_->fetcher;
}
const fetch::GitLibrary& Session::git() const {
    return state_->git;
}
const FileReader& Session::reader() const {
    return state_->reader;
}
repository::PackageStore& Session::packages() {
    return *state_->store;
}
const CancelToken& Session::cancel() const {
    return *state_->cancel;
}
const std::filesystem::path& Session::cache() const {
    return state_->cache;
}

const InputLimits& Session::limits() const {
    return state_->limits;
}

build::Services Session::services(pipeline::Library& library) {
    return {
        *state_->reporter,
        *state_->cancel,
        *state_->pool,
        state_->reader,
        *state_->fetcher,
        state_->git,
        *state_->store,
        library,
        *state_->runner.sandbox,
        state_->runner.ids,
        state_->cache,
        state_->limits.index,
        &state_->limits.archive,
    };
}

}  // namespace quern::cli
