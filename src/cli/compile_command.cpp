// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/report_diagnostics.hpp"
#include "cli/terminal.hpp"
#include "pipeline/shell_check.hpp"
#include "quern/package_info.hpp"
#include "quern/plan.hpp"
#include "support/file_reader.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct CompileFlags {
    RecipeFlags recipe;
    bool plan = false;
    std::vector<std::string> accepted_lists;
    std::string accepted_text;
    bool accepted_flag = false;
};

// Flags of `build` that change nothing in what `compile` prints (recipe-and-build 1.3).
void add_accepted_flags(CLI::App& app, CompileFlags& flags) {
    for (const char* name :
         {"-r,--repository-append", "-k,--keyring-append", "--package-append", "--log-policy"}) {
        add_list(app, name, flags.accepted_lists, "accepted, without effect")->group("");
    }
    for (const char* name :
         {"--signing-key",
          "--out-dir",
          "--source-dir",
          "--workspace-dir",
          "--cache-dir",
          "--cache-source",
          "--apk-cache-dir",
          "--runner",
          "--namespace",
          "--git-repo-url",
          "--license",
          "--build-date",
          "--dependency-log"}) {
        add_option(app, name, flags.accepted_text, "accepted, without effect")->group("");
    }
    for (const char* name :
         {"--debug",
          "--debug-runner",
          "-i,--interactive",
          "--rm",
          "--empty-workspace",
          "--generate-index",
          "--strip-origin-name",
          "--ignore-signatures",
          "--create-build-log",
          "--generate-provenance",
          "--cleanup"}) {
        add_flag(app, name, flags.accepted_flag, "accepted, without effect")->group("");
    }
}

Result<void> run_compile(const CompileFlags& flags, const Invocation& invocation) {
    if (flags.recipe.architectures.size() != 1) {
        return Error(ErrorCode::usage, "compile takes exactly one architecture")
            .help("add --arch x86_64");
    }
    const auto reporter = make_reporter(invocation.global);
    QUERN_TRY(const std::filesystem::path recipe, find_recipe(flags.recipe));
    const std::string architecture = chosen_architectures(flags.recipe.architectures).front();
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, architecture));
    const DiskFileReader reader;
    Diagnostics diagnostics;
    auto configuration = recipe::load(recipe, reader, options, diagnostics);
    if (!configuration) {
        return report_all(diagnostics, recipe.string(), *reporter);
    }
    warn_of_missing_pipelines(flags.recipe, *reporter);
    pipeline::Library library(pipeline_directories(flags.recipe), reader);
    auto compiled = pipeline::compile(*configuration, library, options, diagnostics);
    configuration.reset();  // a recipe of many steps is large
    QUERN_CHECK(report_all(diagnostics, recipe.string(), *reporter));
    if (flags.recipe.shell_check) {
        QUERN_CHECK(pipeline::check_scripts(compiled->plan, invocation.cancel, diagnostics));
        QUERN_CHECK(report_all(diagnostics, recipe.string(), *reporter));
    }
    if (flags.plan) {
        return print_text("plan", pipeline::to_string(compiled->plan), invocation.global);
    }
    return print(recipe::to_json(pipeline::with_disabled(std::move(*compiled))) + "\n");
}

}  // namespace

Run define_compile(CLI::App& app) {
    const auto flags = std::make_shared<CompileFlags>();
    add_recipe_flags(app, flags->recipe);
    add_flag(app, "--plan", flags->plan, "print the flat list of steps instead of JSON");
    add_accepted_flags(app, *flags);
    return [flags](const Invocation& invocation) { return run_compile(*flags, invocation); };
}

}  // namespace quern::cli
