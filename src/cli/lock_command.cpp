// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/environment_lock.hpp"
#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/session.hpp"
#include "cli/step_flags.hpp"
#include "cli/terminal.hpp"
#include "quern/plan.hpp"
#include "repository/lock_file.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace quern::cli {
namespace {

struct LockFlags {
    RecipeFlags recipe;
    EnvironmentFlags environment;
    std::string output;
    bool update = false, check = false;
};

Result<repository::LockFile> make_lock(
    const LockFlags& flags, const std::filesystem::path& recipe, Session& session
) {
    repository::LockFile lock;
    lock.config_name = recipe.string();
    QUERN_TRY(const std::string text, read_file(recipe));
    const std::string_view texts[] = {text};
    lock.config_checksum = repository::config_checksum(texts);
    warn_of_missing_pipelines(flags.recipe, session.reporter());
    pipeline::Library library(pipeline_directories(flags.recipe), session.reader());
    const build::Services services = session.services(library);
    build::BuildOptions options;
    options.recipe = recipe;
    options.environment = environment_options(flags.environment);
    for (const std::string& architecture : chosen_architectures(flags.recipe.architectures)) {
        QUERN_TRY(options.load, load_options(flags.recipe, architecture));
        QUERN_CHECK(build::add_to_lock(lock, options, services));
    }
    return lock;
}

/// Nothing if there is no lock yet.
Result<std::optional<repository::LockFile>> read_old(const std::filesystem::path& path) {
    auto lock = repository::read_lock_file(path);
    if (lock) {
        return std::optional(std::move(*lock));
    }
    return lock.error().code() == ErrorCode::not_found
               ? Result<std::optional<repository::LockFile>>(std::nullopt)
               : std::move(lock).error();
}

std::string changes_text(const std::vector<std::string>& changes) {
    return printable(join(changes, "\n"), true);
}

Result<void> print_outcome(
    const std::filesystem::path& path,
    const std::vector<std::string>& changes,
    bool shows_changes,
    const Invocation& invocation
) {
    if (invocation.global.format == "json") {
        const nlohmann::ordered_json json = {{"path", path.string()}, {"changes", changes}};
        return print(to_json_text(json));
    }
    const std::string lines = changes.empty() ? "" : changes_text(changes) + "\n";
    return print(shows_changes ? lines : path.string() + "\n");
}

Result<void> run_lock(const LockFlags& flags, const Invocation& invocation) {
    SessionOptions session_options;
    session_options.offline = flags.environment.offline;
    QUERN_TRY(const auto session, Session::create(invocation, session_options));
    QUERN_TRY(const std::filesystem::path recipe, find_recipe(flags.recipe));
    const std::filesystem::path path = flags.output.empty() ? repository::lock_path_of(recipe)
                                                            : std::filesystem::path(flags.output);
    QUERN_TRY(const auto old, read_old(path));
    QUERN_TRY(const repository::LockFile fresh, make_lock(flags, recipe, *session));
    const auto changes = old ? repository::differences(*old, fresh) : std::vector<std::string>();
    if (flags.check) {
        if (old && changes.empty()) {
            return print_outcome(path, {}, false, invocation);
        }
        return Error(
                   ErrorCode::invalid_recipe,
                   old ? fmt::format("{} would change:\n{}", path.string(), changes_text(changes))
                       : fmt::format("there is no {}", path.string())
        )
            .help("`quern lock --update` writes it");
    }
    if (old && !changes.empty() && !flags.update) {
        return Error(
                   ErrorCode::usage,
                   fmt::format(
                       "{} is there and would change:\n{}", path.string(), changes_text(changes)
                   )
        )
            .help("--update takes the change");
    }
    QUERN_CHECK(write_file_atomically(path, fresh.to_string()));
    return print_outcome(path, changes, flags.update, invocation);
}

}  // namespace

Run define_lock(CLI::App& app) {
    const auto flags = std::make_shared<LockFlags>();
    add_recipe_flags(app, flags->recipe);
    add_environment_flags(app, flags->environment, "--package-append");
    add_option(app, "--output", flags->output, "default: the recipe's path with .lock.json");
    add_flag(
        app,
        "--update",
        flags->update,
        "replace a lock that says something else; prints what changed"
    );
    add_flag(app, "--check", flags->check, "write nothing; fail if the lock would change");
    return [flags](const Invocation& invocation) { return run_lock(*flags, invocation); };
}

}  // namespace quern::cli
