// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/image_recipes.hpp"

#include "apk/index_draft.hpp"
#include "build/recipe_list.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/step_flags.hpp"
#include "fetch/git.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "repository/lock_file.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The repository is there from the first recipe on: it is part of what decides a build, and none
/// is to be built again because it came into being.
Result<void> make_repository(const fs::path& directory, const apk::Signer& key) {
    const fs::path index = directory / "APKINDEX.tar.gz";
    std::error_code failure;
    if (fs::exists(index, failure)) {
        return {};
    }
    fs::create_directories(directory, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("making {}", directory.string()));
    }
    QUERN_TRY(const std::string bytes, apk::IndexDraft().write(&key));
    return write_file_atomically(index, bytes);
}

/// Environments are made from what the image is made from.
build::EnvironmentOptions environment_of(const ImageSession& opened) {
    const image::Contents& contents = opened.loaded.specification.contents;
    const image::Additions& additions = opened.options.additions;
    build::EnvironmentOptions options;
    for (const auto* list :
         {&contents.build_repositories,
          &contents.repositories,
          &additions.build_repositories,
          &additions.repositories}) {
        options.repositories.insert(options.repositories.end(), list->begin(), list->end());
    }
    for (const auto* list : {&contents.keyring, &additions.keyring}) {
        options.keyring.insert(options.keyring.end(), list->begin(), list->end());
    }
    options.ignore_signatures = additions.ignore_signatures;
    options.offline = opened.session->fetcher().is_offline();
    return options;
}

std::string commit_of(const fs::path& recipe, Session& session) {
    std::error_code failure;
    const auto commit =
        fetch::head_commit(session.git(), fs::absolute(recipe, failure).parent_path());
    return commit ? *commit : "unknown";
}

Json to_json(
    const fs::path& recipe, const std::string& architecture, const build::BuildReport& report
) {
    Json packages = Json::array();
    for (const build::BuiltPackage& package : report.packages) {
        packages.push_back(package.path.string());
    }
    return {
        {"recipe", recipe.string()},
        {"architecture", architecture},
        {"packages", std::move(packages)},
        {"unchanged", report.is_unchanged}};
}

void tell(const fs::path& recipe, const build::BuildReport& report, Reporter& reporter) {
    reporter.note(fmt::format(
        "{}: {}",
        printable(recipe.string()),
        report.is_skipped     ? "not for this architecture"
        : report.is_unchanged ? "nothing has changed since it was built"
                              : fmt::format("built {} package(s)", report.packages.size())
    ));
}

Result<void> add_built_repository(const RecipeDirectoryFlags& flags, ImageSession& opened) {
    const std::string public_key =
        flags.key.signer_key.empty() ? flags.key.path + ".pub" : flags.key.signer_key;
    std::error_code failure;
    if (!fs::exists(public_key, failure)) {
        return Error(
                   ErrorCode::usage, fmt::format("there is no public key {}", printable(public_key))
        )
            .help("it stands beside the private key, as `quern keygen` puts it");
    }
    image::Additions& additions = opened.options.additions;
    additions.build_repositories.push_back(fs::absolute(flags.out_directory, failure).string());
    additions.keyring.push_back(public_key);
    return {};
}

Result<std::vector<fs::path>> find_all(const std::vector<std::string>& directories) {
    std::vector<fs::path> recipes;
    for (const std::string& directory : directories) {
        QUERN_TRY(const std::vector<fs::path> found, build::find_recipes(directory));
        recipes.insert(recipes.end(), found.begin(), found.end());
    }
    std::sort(recipes.begin(), recipes.end());
    recipes.erase(std::unique(recipes.begin(), recipes.end()), recipes.end());
    return recipes;
}

}  // namespace

void add_recipe_directory_flags(CLI::App& app, RecipeDirectoryFlags& flags) {
    constexpr const char* heading = "Building packages first";
    add_list(
        app,
        "--build-recipes",
        flags.directories,
        "directories of recipes (*.yaml, */melange.yaml): those out of date are built first, in "
        "the order of their needs, with packages from the image's repositories"
    )
        ->group(heading);
    add_option(app, "--out-dir", flags.out_directory, "the repository of what is built")
        ->capture_default_str()
        ->group(heading);
    add_option(app, "--signing-key", flags.key.path, "private key that signs what is built")
        ->group(heading);
    add_signer_flags(app, flags.key);
    add_list(
        app,
        "--pipeline-dirs",
        flags.pipeline_directories,
        "directories searched for what recipes use"
    )
        ->group(heading);
    add_list(
        app,
        "--source-cache",
        flags.source_caches,
        "directories in which sources are looked for by their checksum (sha256:HEX)"
    )
        ->group(heading);
    add_option(
        app,
        "--git-commit",
        flags.git_commit,
        "commit of the recipes; default: HEAD of the repository that holds each"
    )
        ->group(heading);
    add_runner_flag(app, flags.runner);
}

Result<void> prepare_image(const RecipeDirectoryFlags& flags, ImageFlags& image) {
    if (flags.key.path.empty() && flags.key.signer.empty()) {
        return Error(ErrorCode::usage, "--build-recipes needs a key that signs what is built")
            .help("`quern keygen KEY` makes one; name it with --signing-key KEY");
    }
    image.needs_guest = true;
    image.runner = flags.runner;
    image.content_directories = flags.source_caches;
    return {};
}

Result<Json> build_recipes(
    const RecipeDirectoryFlags& flags, const Invocation& invocation, ImageSession& opened
) {
    QUERN_TRY(const auto signer, load_signer(flags.key, invocation.cancel));
    QUERN_CHECK(add_built_repository(flags, opened));
    QUERN_TRY(const std::vector<fs::path> recipes, find_all(flags.directories));
    Session& session = *opened.session;
    const std::vector<fs::path> definitions(
        flags.pipeline_directories.begin(), flags.pipeline_directories.end()
    );
    warn_of_missing("--pipeline-dirs", definitions, session.reporter());
    pipeline::Library library(definitions, session.reader());
    const build::Services services = session.services(library);
    build::BuildOptions options;
    options.environment = environment_of(opened);
    options.out_directory = flags.out_directory;
    options.key = signer.get();
    options.command_line = invocation.words;
    options.source_date = opened.options.source_date_epoch.value_or(opened.options.build_date);
    Json built = Json::array();
    for (const std::string& architecture : opened.options.architectures) {
        QUERN_CHECK(make_repository(fs::path(flags.out_directory) / architecture, *signer));
        options.load.architecture = architecture;
        QUERN_TRY(
            const std::vector<fs::path> order,
            build::order_recipes(recipes, options.load, session.reader(), library)
        );
        for (const fs::path& recipe : order) {
            options.recipe = recipe;
            options.load.commit =
                flags.git_commit.empty() ? commit_of(recipe, session) : flags.git_commit;
            options.environment.lock_file = repository::lock_path_of(recipe);
            auto report = build::build(options, services);
            if (!report) {
                return std::move(report).error().context(printable(recipe.string()));
            }
            tell(recipe, *report, session.reporter());
            built.push_back(to_json(recipe, architecture, *report));
        }
    }
    return built;
}

}  // namespace quern::cli
