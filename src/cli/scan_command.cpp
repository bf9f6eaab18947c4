// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/metadata.hpp"
#include "cli/command.hpp"
#include "cli/package_argument.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/terminal.hpp"
#include "package/inspect.hpp"
#include "package/text_diff.hpp"
#include "quern/diagnostic.hpp"
#include "support/file_reader.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct ScanFlags {
    RecipeFlags recipe;
    std::string repository = "./packages", package, namespace_name = "unknown", accepted_key;
    std::vector<std::string> explain;
    bool diff = false, comments = false;
};

std::string without_comments(const std::string& text) {
    std::string kept;
    for (const std::string_view line : split(text, '\n')) {
        if (!line.starts_with('#') && !line.empty()) {
            kept += std::string(line) + "\n";
        }
    }
    return kept;
}

/// A package of the repository that the recipe once made.
struct Published {
    build::Output output;
    apk::PackageInfo info;
    std::string info_text;
};

/// All packages of the recipe that the repository has.
struct PublishedRecipe {
    std::vector<Published> packages;
    std::vector<package::Subject> subjects;
};

Result<PublishedRecipe> open_published(
    const recipe::Configuration& configuration,
    const ScanFlags& flags,
    const std::string& architecture,
    PackageOpener& opener
) {
    PublishedRecipe published;
    for (const build::Output& output : build::outputs_of(configuration)) {
        const std::string target = fmt::format(
            "{}/{}/{}-{}.apk",
            flags.repository,
            architecture,
            output.name,
            configuration.package.full_version()
        );
        auto file = opener.open(target);
        if (!file && !output.is_main) {
            continue;  // a subpackage that was not built for this architecture
        }
        if (!file) {
            return std::move(file).error().help(
                "build the recipe first, or name its repository with -r"
            );
        }
        QUERN_TRY(package::Subject subject, package::inspect_package(*file));
        published.subjects.push_back(std::move(subject));
        published.packages.push_back(
            {output, file->info(), file->head().control_files.at(".PKGINFO")}
        );
    }
    return published;
}

/// .PKGINFO as the recipe would make it now; what depends on the bytes and the day is that of the
/// package.
Result<std::string> regenerate(
    const PublishedRecipe& published,
    std::size_t index,
    const recipe::Package& main,
    const ScanFlags& flags
) {
    const Published& old = published.packages[index];
    build::BuildOptions options;
    options.namespace_name = flags.namespace_name;
    options.load.architecture = old.info.architecture;
    const package::ScanResult scan =
        package::scan(published.subjects, index, build::scan_options(old.output, main));
    apk::PackageInfo info = build::package_info(old.output, main, options, scan);
    info.installed_size = old.info.installed_size;
    info.data_hash = old.info.data_hash;
    info.commit = old.info.commit;
    info.build_date = old.info.build_date;
    return info.to_string();
}

/// As JSON, a package a line.
Result<void> print_one(
    const apk::PackageInfo& info,
    const char* what,
    const std::string& text,
    const GlobalOptions& global
) {
    if (global.format != "json") {
        return print(text);
    }
    const nlohmann::ordered_json json = {
        {"package", info.name},
        {"version", info.version},
        {"architecture", info.architecture},
        {what, text}};
    return print(to_json_text(json));
}

Result<bool> scan_architecture(
    const recipe::Configuration& configuration,
    const ScanFlags& flags,
    const std::string& architecture,
    PackageOpener& opener,
    const GlobalOptions& global
) {
    QUERN_TRY(
        const PublishedRecipe published, open_published(configuration, flags, architecture, opener)
    );
    std::vector<std::size_t> order;  // subpackages, then the main package, as the peer prints them
    for (std::size_t i = 1; i < published.packages.size(); ++i) {
        order.push_back(i);
    }
    order.push_back(0);
    bool differs = false;
    for (const std::size_t index : order) {
        const Published& old = published.packages[index];
        if (!flags.package.empty() && old.info.name != flags.package) {
            continue;
        }
        QUERN_TRY(
            const std::string text, regenerate(published, index, configuration.package, flags)
        );
        if (!flags.diff) {
            QUERN_CHECK(print_one(old.info, "pkginfo", text, global));
            continue;
        }
        const std::string name = fmt::format("{}-{}.apk", old.info.name, old.info.version);
        const std::string difference = package::unified_diff(
            flags.comments ? old.info_text : without_comments(old.info_text),
            flags.comments ? text : without_comments(text),
            name,
            name
        );
        differs = differs || !difference.empty();
        QUERN_CHECK(print_one(old.info, "difference", difference, global));
    }
    return differs;
}

Result<recipe::Configuration> load(
    const ScanFlags& flags, const std::string& architecture, const Invocation& invocation
) {
    QUERN_TRY(const std::filesystem::path path, find_recipe(flags.recipe));
    if (path.extension() == ".apk") {
        return Error(
                   ErrorCode::usage,
                   fmt::format("{} is a package, not a recipe", printable(path.string()))
        )
            .help("`quern scan --explain PACKAGE` names the files behind what it says");
    }
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, architecture));
    const DiskFileReader reader;
    Diagnostics diagnostics;
    auto configuration = recipe::load(path, reader, options, diagnostics);
    const bool is_good = configuration && !diagnostics.has_errors();
    const auto reporter = make_reporter(invocation.global);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter->diagnostic(diagnostic);
    }
    if (!is_good) {
        return Error(ErrorCode::invalid_recipe, fmt::format("{} does not load", path.string()));
    }
    return std::move(*configuration);
}

Result<void> explain_package(
    const std::string& target, const Invocation& invocation, PackageOpener& opener
) {
    QUERN_TRY(const apk::PackageFile package, opener.open(target));
    auto explanations = explain_relations(package, target);
    if (!explanations) {
        return std::move(explanations).error().context(printable(target));
    }
    return print(
        invocation.global.format == "json" ? package::to_json(package.info(), *explanations)
                                           : package::to_text(package.info(), *explanations)
    );
}

Result<void> run_scan(const ScanFlags& flags, const Invocation& invocation) {
    PackageOpener opener(invocation);
    for (const std::string& target : flags.explain) {
        QUERN_CHECK(explain_package(target, invocation, opener));
    }
    if (!flags.explain.empty()) {
        return {};
    }
    bool differs = false;
    for (const std::string& architecture : chosen_architectures(flags.recipe.architectures)) {
        QUERN_TRY(const recipe::Configuration configuration, load(flags, architecture, invocation));
        QUERN_TRY(
            const bool differs_here,
            scan_architecture(configuration, flags, architecture, opener, invocation.global)
        );
        differs = differs || differs_here;
    }
    if (differs) {
        return Error(
                   ErrorCode::invalid_recipe,
                   "the packages say something else than this recipe would"
        )
            .help("build the recipe again");
    }
    return {};
}

}  // namespace

Run define_scan(CLI::App& app) {
    const auto flags = std::make_shared<ScanFlags>();
    add_recipe_flags(app, flags->recipe);
    add_option(
        app,
        "-r,--repository",
        flags->repository,
        "directory or URL of the repository that has the packages"
    )
        ->capture_default_str();
    add_option(app, "-p,--package", flags->package, "print this package only");
    add_option(
        app, "--namespace", flags->namespace_name, "the namespace that the packages were built with"
    )
        ->capture_default_str();
    add_flag(
        app,
        "--diff",
        flags->diff,
        "print what differs from the packages; exit status 1 if anything does"
    );
    add_flag(app, "--comments", flags->comments, "with --diff: compare comment lines too");
    add_option(
        app, "-k,--key", flags->accepted_key, "accepted, unused: signatures are not looked at"
    )
        ->group("");
    add_list(
        app,
        "--explain",
        flags->explain,
        "instead: name the files behind every relation of these packages"
    );
    return [flags](const Invocation& invocation) { return run_scan(*flags, invocation); };
}

}  // namespace quern::cli
