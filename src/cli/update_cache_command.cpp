// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/sources.hpp"
#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "fetch/content_store.hpp"
#include "quern/diagnostic.hpp"
#include "quern/plan.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>
#include <system_error>

namespace quern::cli {
namespace {

struct UpdateCacheFlags {
    RecipeFlags recipe;
    std::string cache_directory = "/var/cache/melange";
};

// Fetch steps of the recipe's packages for one architecture.
Result<std::vector<pipeline::Step>> fetch_steps(
    const UpdateCacheFlags& flags, const std::string& architecture, Session& session
) {
    QUERN_TRY(const std::filesystem::path path, find_recipe(flags.recipe));
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, architecture));
    pipeline::Library library(pipeline_directories(flags.recipe), session.reader());
    Diagnostics diagnostics;
    std::optional<pipeline::Compiled> compiled;
    const auto configuration = recipe::load(path, session.reader(), options, diagnostics);
    if (configuration) {
        compiled = pipeline::compile(*configuration, library, options, diagnostics);
    }
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        session.reporter().diagnostic(diagnostic);
    }
    if (!compiled) {
        return Error(ErrorCode::invalid_recipe, fmt::format("{} has errors", path.string()));
    }
    std::vector<pipeline::Step> steps;
    for (const pipeline::PackagePlan& package : compiled->plan.packages) {
        for (const pipeline::Step& step : package.steps) {
            if (step.native == "fetch") {
                steps.push_back(step);
            }
        }
    }
    return steps;
}

/// Steps that want one address by different digests want different names in the cache.
std::string identity_of(const fetch::FetchRequest& request) {
    std::string identity = request.url;
    for (const auto& digest : {request.expected_sha256, request.expected_sha512}) {
        identity += " " + (digest ? digest->hex() : std::string());
    }
    return identity;
}

Result<void> keep_file(
    const fetch::FetchRequest& request,
    const fetch::ContentStore& store,
    Session& session,
    std::vector<std::string>& kept
) {
    Activity activity(session.reporter(), fmt::format("fetching {}", redact_url(request.url)));
    QUERN_TRY(
        const fetch::FetchedFile file,
        session.fetcher().fetch(request, session.reporter(), activity.id())
    );
    activity.outcome(file.was_cached ? "from the cache" : human_size(file.size));
    for (const auto& digest : {request.expected_sha256, request.expected_sha512}) {
        if (digest) {
            QUERN_CHECK(store.insert(*digest, file.fd.get()));
            kept.push_back(store.path_of(*digest).string());
        }
    }
    return {};
}

Result<void> run_update_cache(const UpdateCacheFlags& flags, const Invocation& invocation) {
    std::error_code failure;
    if (!std::filesystem::is_directory(flags.cache_directory, failure)) {
        return Error(
                   ErrorCode::not_found,
                   fmt::format("there is no directory {}", flags.cache_directory)
        )
            .help("make it, or name another one with --cache-dir");
    }
    QUERN_TRY(const auto session, Session::create(invocation, {}));
    const fetch::ContentStore store({std::filesystem::absolute(flags.cache_directory)});
    std::set<std::string> done;
    std::vector<std::string> kept;
    for (const std::string& architecture : chosen_architectures(flags.recipe.architectures)) {
        QUERN_TRY(const auto steps, fetch_steps(flags, architecture, *session));
        for (const pipeline::Step& step : steps) {
            QUERN_TRY(
                const fetch::FetchRequest request,
                build::fetch_request(step, session->fetcher().limits())
            );
            const bool is_pinned = request.expected_sha256 || request.expected_sha512;
            if (is_pinned && done.insert(identity_of(request)).second) {
                QUERN_CHECK(keep_file(request, store, *session, kept));
            }
        }
    }
    return print_written(kept, invocation.global);
}

}  // namespace

Run define_update_cache(CLI::App& app) {
    const auto flags = std::make_shared<UpdateCacheFlags>();
    add_recipe_flags(app, flags->recipe);
    add_option(app, "--cache-dir", flags->cache_directory, "where the files go, as sha256:HEX")
        ->capture_default_str();
    return [flags](const Invocation& invocation) { return run_update_cache(*flags, invocation); };
}

}  // namespace quern::cli
