// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Recipes are checked by themselves, all processors at once; then each hears what the others and
// the repositories provide and what it was in the last commit; then everything is printed in the
// order of the arguments.

#include "cli/check_recipe.hpp"
#include "cli/command.hpp"
#include "cli/known_packages.hpp"
#include "cli/sarif.hpp"
#include "cli/terminal.hpp"
#include "fetch/git_head.hpp"
#include "recipe/allowance.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

namespace fs = std::filesystem;

struct CheckFlags {
    RecipeFlags recipe;
    RepositoryFlags repositories;
    bool sarif = false;
    bool strict = false;
    bool history = true;
};

/// A directory stands for the recipes in it.
Result<void> add_recipes(const fs::path& given, std::vector<fs::path>& recipes) {
    std::error_code failure;
    if (!fs::is_directory(given, failure)) {
        recipes.push_back(given);
        return {};
    }
    std::vector<fs::path> found;
    for (auto entry = fs::directory_iterator(given, failure);
         !failure && entry != fs::directory_iterator();
         entry.increment(failure)) {
        const std::string name = entry->path().filename().string();
        // A link to nowhere is told of; who opens a pipe waits for whoever writes in it.
        std::error_code unreadable;
        const fs::file_status status = entry->status(unreadable);
        if (!name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml")) &&
            !fs::is_directory(status) && !fs::is_other(status)) {
            found.push_back(entry->path());
        }
    }
    if (failure) {
        return Error(ErrorCode::io, failure.message()).context("reading " + given.string());
    }
    std::sort(found.begin(), found.end());
    recipes.insert(recipes.end(), found.begin(), found.end());
    return {};
}

Result<std::vector<fs::path>> recipes_of(const CheckFlags& flags) {
    std::vector<fs::path> recipes;
    for (const std::string& word : flags.recipe.config) {
        QUERN_CHECK(add_recipes(word, recipes));
    }
    if (flags.recipe.config.empty()) {
        QUERN_TRY(const fs::path here, find_recipe(flags.recipe));
        recipes.push_back(here);
    }
    return recipes;
}

/// Recipes whose epoch is not 0 are compared with what HEAD of their repository has.
void check_history(std::vector<CheckedRecipe>& recipes) {
    const bool has_any = std::any_of(recipes.begin(), recipes.end(), [](const auto& recipe) {
        return recipe.epoch != 0;
    });
    if (!has_any) {
        return;
    }
    const fetch::GitLibrary library;
    std::map<fs::path, std::optional<fetch::GitHead>> heads;
    for (CheckedRecipe& recipe : recipes) {
        std::error_code failure;
        const fs::path path = fs::canonical(recipe.path, failure);
        if (failure || recipe.epoch == 0) {
            continue;
        }
        const fs::path directory = path.parent_path();
        if (!heads.contains(directory)) {
            heads.emplace(directory, fetch::GitHead::open(library, directory));
        }
        const auto& head = heads.at(directory);
        if (auto before = head ? head->read(path) : std::nullopt) {
            check_epoch(recipe, std::move(*before));
        }
    }
}

/// Needs of all recipes that neither the repositories nor the recipes have; each name is compared
/// with all others once, however many recipes need it.
Result<void> check_needs(
    std::vector<CheckedRecipe>& recipes, std::set<std::string, std::less<>> names, ThreadPool& pool
) {
    for (const CheckedRecipe& recipe : recipes) {
        names.insert(recipe.provides.begin(), recipe.provides.end());
    }
    UnknownNames unknown;
    for (const CheckedRecipe& recipe : recipes) {
        note_unknown(recipe, names, unknown);
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    std::vector<UnknownNames::value_type*> questions;
    for (auto& name : unknown) {
        questions.push_back(&name);
    }
    constexpr std::size_t most_advised = 2000;
    QUERN_CHECK(pool.for_each_index(
        std::min(questions.size(), most_advised),
        [&](std::size_t i) -> Result<void> {
            questions[i]->second = nearest(questions[i]->first, candidates);
            return {};
        }
    ));
    for (CheckedRecipe& recipe : recipes) {
        check_needs(recipe, unknown);
    }
    return {};
}

/// What is left of the findings of a recipe, in order.
std::vector<Diagnostic> findings_of(CheckedRecipe& recipe) {
    std::vector<Diagnostic> found = recipe.diagnostics.take();
    return recipe.file != nullptr ? recipe::without_allowed(std::move(found), *recipe.file) : found;
}

/// Everything that is to be told, in the order of the recipes. What stands in a definition is told
/// once.
std::vector<Diagnostic> collect(std::vector<std::vector<Diagnostic>> found) {
    std::vector<Diagnostic> all;
    std::set<std::pair<std::string, std::string>> told;
    for (std::vector<Diagnostic>& findings : found) {
        for (Diagnostic& finding : findings) {
            const bool is_shared = finding.id == "unused-input" && finding.where.file != nullptr;
            if (!is_shared || told.emplace(finding.where.file->name(), finding.message).second) {
                all.push_back(std::move(finding));
            }
        }
    }
    return all;
}

std::string to_text(
    const std::vector<Diagnostic>& findings, const CheckFlags& flags, const GlobalOptions& global
) {
    if (flags.sarif) {
        return to_sarif(findings);
    }
    const RenderOptions options = {.colour = wants_color(global, STDOUT_FILENO)};
    std::string text;
    for (const Diagnostic& finding : findings) {
        text += global.format == "json" ? render_json(finding) : render(finding, options);
    }
    return text;
}

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Result<void> conclude(
    const std::vector<Diagnostic>& findings, std::size_t recipes, const CheckFlags& flags
) {
    const auto errors = static_cast<std::size_t>(std::count_if(
        findings.begin(),
        findings.end(),
        [](const Diagnostic& finding) { return finding.severity == Severity::error; }
    ));
    const std::size_t warnings = findings.size() - errors;
    const bool is_missing =
        std::any_of(findings.begin(), findings.end(), [](const Diagnostic& finding) {
            return finding.id == "cannot-read" && finding.where.file == nullptr;
        });
    if (errors != 0 || (flags.strict && warnings != 0)) {
        return Error(
            is_missing ? ErrorCode::not_found : ErrorCode::invalid_recipe,
            fmt::format(
                "{} with {} and {}",
                counted(recipes, "recipe"),
                counted(errors, "error"),
                counted(warnings, "warning")
            )
        );
    }
    return {};
}

Result<void> run_check(const CheckFlags& flags, const Invocation& invocation) {
    QUERN_TRY(const std::vector<fs::path> paths, recipes_of(flags));
    const std::vector<std::string> architectures = chosen_architectures(flags.recipe.architectures);
    std::set<std::string, std::less<>> names;
    if (flags.repositories.is_given()) {
        QUERN_TRY(names, known_packages(flags.repositories, architectures, invocation));
    }
    const DiskFileReader reader;
    warn_of_missing_pipelines(flags.recipe, *make_reporter(invocation.global));
    pipeline::Library library(pipeline_directories(flags.recipe), reader);
    const CheckContext context = {flags.recipe, architectures, reader, library, invocation.cancel};
    std::vector<CheckedRecipe> recipes(paths.size());
    ThreadPool pool(invocation.global.threads);
    QUERN_CHECK(pool.for_each_index(paths.size(), [&](std::size_t i) {
        recipes[i].path = paths[i];
        return check_recipe(recipes[i], context);
    }));
    if (flags.history) {
        check_history(recipes);
    }
    if (flags.repositories.is_given()) {
        QUERN_CHECK(check_needs(recipes, std::move(names), pool));
    }
    std::vector<std::vector<Diagnostic>> found(recipes.size());
    QUERN_CHECK(pool.for_each_index(recipes.size(), [&](std::size_t i) -> Result<void> {
        found[i] = findings_of(recipes[i]);
        return {};
    }));
    const std::vector<Diagnostic> findings = collect(std::move(found));
    QUERN_CHECK(print(to_text(findings, flags, invocation.global)));
    return conclude(findings, recipes.size(), flags);
}

}  // namespace

Run define_check(CLI::App& app) {
    const auto flags = std::make_shared<CheckFlags>();
    add_recipe_flags(app, flags->recipe);
    describe_option(app, "config", "recipes, or directories of them");
    add_repository_flags(app, flags->repositories);
    add_flag(app, "--sarif", flags->sarif, "print findings as a SARIF log");
    add_flag(app, "--strict", flags->strict, "fail on warnings too");
    add_flag(
        app,
        "--history,!--no-history",
        flags->history,
        "compare with HEAD: an epoch that should have been reset"
    );
    return [flags](const Invocation& invocation) { return run_check(*flags, invocation); };
}

}  // namespace quern::cli
