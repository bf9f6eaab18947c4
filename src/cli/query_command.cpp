// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/recipe_commands.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/report_diagnostics.hpp"
#include "cli/terminal.hpp"
#include "quern/recipe.hpp"
#include "recipe/query.hpp"
#include "support/file_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

/// A recipe is read as it is for one architecture; nothing is compiled.
struct QueryFlags {
    RecipeFlags recipe;
    std::string config;
    std::string text;
};

void add_query_flags(CLI::App& app, QueryFlags& flags) {
    add_option(app, "config", flags.config, "the recipe")->required();
    add_list(app, "--build-option", flags.recipe.build_options, "enable entries of options");
    add_list(app, "--env-file", flags.recipe.env_files, "dotenv files; the first wins");
    add_option(app, "--vars-file", flags.recipe.vars_file, "YAML map merged over vars");
}

Result<recipe::Configuration> load_recipe(const QueryFlags& flags, Reporter& reporter) {
    RecipeFlags named = flags.recipe;
    named.config = {flags.config};
    QUERN_TRY(const std::filesystem::path path, find_recipe(named));
    QUERN_TRY(
        const recipe::LoadOptions options, load_options(named, chosen_architectures({}).front())
    );
    Diagnostics diagnostics;
    auto configuration = recipe::load(path, DiskFileReader(), options, diagnostics);
    QUERN_CHECK(report_all(diagnostics, path.string(), reporter));
    return std::move(*configuration);
}

Result<void> run_query(const QueryFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    QUERN_TRY(const recipe::Configuration configuration, load_recipe(flags, *reporter));
    Diagnostics diagnostics;
    const auto text = std::make_shared<const SourceFile>("template", flags.text);
    const auto output = recipe::query(configuration, text, diagnostics);
    QUERN_CHECK(report_all(diagnostics, "the template", *reporter));
    if (invocation.global.format == "json") {
        using Json = nlohmann::ordered_json;
        return print(
            Json({{"output", *output}}).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
        );
    }
    return print(*output);
}

Result<void> run_package_version(const QueryFlags& flags, const Invocation& invocation) {
    const auto reporter = make_reporter(invocation.global);
    QUERN_TRY(const recipe::Configuration configuration, load_recipe(flags, *reporter));
    const recipe::Package& package = configuration.package;
    if (invocation.global.format == "json") {
        const nlohmann::ordered_json json = {
            {"name", package.name.value},
            {"version", package.version.value},
            {"epoch", package.epoch}};
        return print(to_json_text(json));
    }
    return print(fmt::format("{}-{}", package.name.value, package.full_version()));
}

}  // namespace

Run define_query(CLI::App& app) {
    const auto flags = std::make_shared<QueryFlags>();
    add_query_flags(app, *flags);
    add_option(
        app, "template", flags->text, "a template of Go's text/template; fields by Go's names"
    )
        ->required();
    return [flags](const Invocation& invocation) { return run_query(*flags, invocation); };
}

Run define_package_version(CLI::App& app) {
    const auto flags = std::make_shared<QueryFlags>();
    add_query_flags(app, *flags);
    return
        [flags](const Invocation& invocation) { return run_package_version(*flags, invocation); };
}

}  // namespace quern::cli
