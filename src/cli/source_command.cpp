// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/load.hpp"
#include "build/patched_sources.hpp"
#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/replace_file.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/plan.hpp"
#include "recipe/patch_edits.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <system_error>

namespace quern::cli {
namespace {

struct SourceFlags {
    RecipeFlags recipe;
    std::string action;
    std::filesystem::path output = "./source";
    std::filesystem::path source_directory;
    std::string cache_directory = "melange-cache";
    bool is_offline = false;
};

/// A recipe and the places that go with it.
struct Target {
    std::filesystem::path recipe;
    pipeline::Compiled compiled;
    build::WorkingCopy place;
};

Result<Target> find_target(
    const SourceFlags& flags, const build::Services& services, const std::string& architecture
) {
    Target target;
    QUERN_TRY(target.recipe, find_recipe(flags.recipe));
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, architecture));
    QUERN_TRY(
        const recipe::Configuration configuration,
        build::load_recipe(target.recipe, options, services)
    );
    QUERN_TRY(
        target.compiled, build::compile_recipe(configuration, target.recipe, options, services)
    );
    const std::string& name = configuration.package.name.value;
    std::error_code failure;
    const auto beside = std::filesystem::absolute(target.recipe, failure).parent_path();
    target.place.directory =
        (std::filesystem::absolute(flags.output, failure) / name).lexically_normal();
    target.place.patches = !flags.source_directory.empty() ? flags.source_directory
                           : std::filesystem::is_directory(beside / name, failure) ? beside / name
                                                                                   : beside;
    return target;
}

Result<std::vector<std::string>> get(const Target& target, const build::Services& services) {
    std::error_code failure;
    std::filesystem::create_directories(target.place.directory.parent_path(), failure);
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("making {}", target.place.directory.parent_path().string())
        );
    }
    QUERN_TRY(
        const build::GotSources got, build::get_sources(target.compiled, target.place, services)
    );
    for (const std::string& name : got.applied) {
        services.reporter.note(fmt::format("{} is a commit", printable(name)));
    }
    return std::vector<std::string>{target.place.directory.string()};
}

// Names as the step sees them, whose directory is that of the source.
std::vector<std::string> from_source(
    std::vector<std::string> names, const std::string& working_directory
) {
    if (working_directory.empty()) {
        return names;
    }
    const auto depth = std::count(working_directory.begin(), working_directory.end(), '/') + 1;
    for (std::string& name : names) {
        for (auto i = depth; i > 0; --i) {
            name.insert(0, "../");
        }
    }
    return names;
}

Result<std::vector<std::string>> pop(const Target& target, const build::Services& services) {
    QUERN_TRY(const build::GotSources source, build::describe_sources(target.compiled));
    QUERN_TRY(
        const std::vector<std::string> names, build::pop_patches(target.place, services.cancel)
    );
    std::vector<std::string> written;
    for (const std::string& name : names) {
        written.push_back((target.place.patches / name).string());
    }
    QUERN_TRY(std::string bytes, services.reader.read(target.recipe));
    const auto file = std::make_shared<const SourceFile>(target.recipe.string(), bytes);
    const recipe::PatchStep step = {source.is_git ? "git-am" : "patch", source.working_directory};
    QUERN_TRY(
        const std::string text,
        recipe::edit_patches(file, from_source(names, source.working_directory), step)
    );
    if (text == file->text()) {
        return written;
    }
    const std::string mark = bytes.substr(0, bytes.size() - file->text().size());
    QUERN_CHECK(replace_file(target.recipe, mark + text));
    services.reporter.note(
        fmt::format("{}: its patches are those of the commits", target.recipe.string())
    );
    return written;
}

Result<void> run_source(const SourceFlags& flags, const Invocation& invocation) {
    SessionOptions options;
    options.offline = flags.is_offline;
    options.content_directories = {std::filesystem::absolute(flags.cache_directory)};
    options.needs_guest = false;
    QUERN_TRY(const auto session, Session::create(invocation, options));
    warn_of_missing_pipelines(flags.recipe, session->reporter());
    pipeline::Library library(pipeline_directories(flags.recipe), session->reader());
    const build::Services services = session->services(library);
    const auto architectures = chosen_architectures(flags.recipe.architectures);
    QUERN_TRY(const Target target, find_target(flags, services, architectures.front()));
    QUERN_TRY(
        const std::vector<std::string> written,
        flags.action == "get" ? get(target, services) : pop(target, services)
    );
    return print_written(written, invocation.global);
}

}  // namespace

Run define_source(CLI::App& app) {
    const auto flags = std::make_shared<SourceFlags>();
    add_option(
        app,
        "action",
        flags->action,
        "get: the source as a git repository, patches as commits; pop: commits as patches of the "
        "recipe"
    )
        ->required()
        ->check(one_of({"get", "pop"}));
    add_recipe_flags(app, flags->recipe);
    add_option(app, "-o,--output", flags->output, "the source is in the folder PACKAGE below it")
        ->capture_default_str();
    add_option(
        app,
        "--source-dir",
        flags->source_directory,
        "where the patches are; default: the folder beside the recipe that is named like the "
        "package, else the recipe's own"
    );
    add_option(app, "--cache-dir", flags->cache_directory, "files as sha256:HEX are taken from it")
        ->capture_default_str();
    add_flag(app, "--offline", flags->is_offline, "download nothing");
    return [flags](const Invocation& invocation) { return run_source(*flags, invocation); };
}

}  // namespace quern::cli
