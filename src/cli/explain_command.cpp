// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/explain_command.hpp"

#include "cli/index_flags.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/terminal.hpp"
#include "quern/explain.hpp"
#include "quern/plan.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ExplainFlags {
    std::string name;
    std::vector<std::string> world;
    std::string recipe_path;
    RecipeFlags recipe;
    IndexFlags indexes;
};

/// Adds what a recipe's build environment asks for, those of its pipelines too.
Result<void> add_environment(
    ExplainFlags& flags, const Invocation& invocation, const std::string& architecture
) {
    const auto reporter = make_reporter(invocation.global);
    flags.recipe.config = {flags.recipe_path};
    QUERN_TRY(const std::filesystem::path path, find_recipe(flags.recipe));
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, architecture));
    const DiskFileReader reader;
    Diagnostics diagnostics;
    const auto loaded = recipe::load(path, reader, options, diagnostics);
    warn_of_missing_pipelines(flags.recipe, *reporter);
    pipeline::Library library(pipeline_directories(flags.recipe), reader);
    const auto compiled = loaded ? pipeline::compile(*loaded, library, options, diagnostics)
                                 : std::optional<pipeline::Compiled>();
    const bool is_wrong = !compiled || diagnostics.has_errors();
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter->diagnostic(diagnostic);
    }
    if (is_wrong) {
        return Error(
            ErrorCode::invalid_recipe, fmt::format("{} has errors", printable(path.string()))
        );
    }
    const recipe::Environment& environment = compiled->configuration.environment;
    const auto append = [](std::vector<std::string>& list, const auto& texts) {
        for (const auto& text : texts) {
            list.push_back(text.value);
        }
    };
    append(flags.world, environment.packages);
    append(flags.indexes.repositories, environment.repositories);
    append(flags.indexes.repositories, environment.build_repositories);
    append(flags.indexes.keyring, environment.keyring);
    return {};
}

std::string to_text(const repository::Rival& rival) {
    return fmt::format("  {}: {}\n", rival.package, printable(rival.text));
}

std::string to_text(const std::string& name, const repository::ExplainedMember& member) {
    const std::string label =
        fmt::format("{}-{}", member.package.entry->name, member.package.entry->version);
    const bool is_itself = member.package.entry->name == name;
    std::string text = fmt::format(
        "{} is there{}, from {}\n",
        label,
        is_itself ? "" : " and stands for " + printable(name),
        member.package.location.shown()
    );
    if (member.chain.empty()) {
        text += fmt::format("  it came by install_if: {}\n", fmt::join(member.triggers, " "));
    }
    for (const repository::ChainLink& link : member.chain) {
        text += fmt::format(
            "  {} needs {}: {}\n",
            link.needed_by.empty() ? "the world" : link.needed_by,
            printable(link.relation),
            link.package
        );
    }
    if (!member.rivals.empty()) {
        text += "not taken in its place\n";
    }
    for (const repository::Rival& rival : member.rivals) {
        text += to_text(rival);
    }
    return text;
}

std::string to_text(const std::string& name, const repository::Explanation& explanation) {
    std::string text;
    for (const repository::ExplainedMember& member : explanation.members) {
        text += to_text(name, member);
    }
    if (!explanation.members.empty()) {
        return text;
    }
    if (explanation.absent.empty()) {
        return fmt::format(
            "{} is not there: no package has or provides it{}\n",
            printable(name),
            explanation.help.empty() ? "" : "; " + explanation.help
        );
    }
    text = fmt::format("{} is not there\n", printable(name));
    for (const repository::Rival& rival : explanation.absent) {
        text += to_text(rival);
    }
    if (!explanation.obstacle) {
        return text + "it could be added to the world\n";
    }
    text += "it cannot be added to the world\n";
    for (const repository::Reason& reason : explanation.obstacle->reasons) {
        text += fmt::format("  {}\n", reason.text);
    }
    return text;
}

Json to_json(const std::vector<repository::Rival>& rivals) {
    Json list = Json::array();
    for (const repository::Rival& rival : rivals) {
        list.push_back(
            {{"package", rival.package},
             {"repository", rival.location.shown()},
             {"rule", rival.rule},
             {"reason", rival.text}}
        );
    }
    return list;
}

Json to_json(const repository::ExplainedMember& member) {
    Json chain = Json::array();
    for (const repository::ChainLink& link : member.chain) {
        chain.push_back(
            {{"needed_by", link.needed_by}, {"relation", link.relation}, {"package", link.package}}
        );
    }
    return {
        {"name", member.package.entry->name},
        {"version", member.package.entry->version},
        {"repository", member.package.location.shown()},
        {"chain", chain},
        {"install_if", member.triggers},
        {"rivals", to_json(member.rivals)},
    };
}

Json to_json(const std::string& name, const repository::Explanation& explanation) {
    Json json = {{"name", name}, {"members", Json::array()}};
    for (const repository::ExplainedMember& member : explanation.members) {
        json["members"].push_back(to_json(member));
    }
    json["absent"] = to_json(explanation.absent);
    json["obstacle"] = explanation.obstacle ? cli::to_json(*explanation.obstacle) : Json();
    json["help"] = explanation.help;
    return json;
}

/// What is said of a recipe means nothing where none is named.
Result<void> expect_no_recipe_flags(const RecipeFlags& flags) {
    if (flags.build_options.empty() && flags.pipeline_directories.empty()) {
        return {};
    }
    return Error(
               ErrorCode::usage,
               fmt::format(
                   "{} is about a recipe, and there is none",
                   flags.build_options.empty() ? "--pipeline-dirs" : "--build-option"
               )
    )
        .help("name it with --recipe FILE");
}

Result<void> run_explain(ExplainFlags flags, const Invocation& invocation) {
    if (flags.recipe_path.empty()) {
        QUERN_CHECK(expect_no_recipe_flags(flags.recipe));
    }
    if (!flags.recipe_path.empty()) {
        const std::string architecture = chosen_architecture(flags.indexes);
        QUERN_CHECK(add_environment(flags, invocation, architecture));
    }
    if (flags.world.empty()) {
        return Error(ErrorCode::usage, "there is no world in which to explain it")
            .help("name what is wanted behind it, or a recipe with --recipe FILE");
    }
    QUERN_TRY(const auto world, parse_world(flags.world));
    QUERN_TRY(const Indexes indexes, read_indexes(flags.indexes, invocation));
    QUERN_TRY(
        const repository::Explanation explanation,
        repository::explain(flags.name, world, indexes.own, indexes.options(flags.indexes))
    );
    print_notes(explanation.notes, invocation);
    if (invocation.global.format == "json") {
        return print(to_json_text(to_json(flags.name, explanation)));
    }
    return print(to_text(flags.name, explanation));
}

}  // namespace

Run define_explain(CLI::App& app) {
    const auto flags = std::make_shared<ExplainFlags>();
    add_option(app, "name", flags->name, "a package, or what one provides: zlib so:libz.so.1")
        ->required();
    add_option(app, "world", flags->world, "what is wanted, as for `quern resolve`");
    add_option(
        app, "--recipe", flags->recipe_path, "the build environment of a recipe is wanted too"
    );
    add_list(
        app, "--build-option", flags->recipe.build_options, "enable entries of the recipe's options"
    );
    add_list(
        app,
        "--pipeline-dirs",
        flags->recipe.pipeline_directories,
        "directories searched for `uses:` of the recipe"
    );
    add_index_flags(app, flags->indexes);
    return [flags](const Invocation& invocation) { return run_explain(*flags, invocation); };
}

}  // namespace quern::cli
