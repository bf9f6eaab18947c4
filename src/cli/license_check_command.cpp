// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/license_check_command.hpp"

#include "build/licenses.hpp"
#include "build/load.hpp"
#include "cli/package_argument.hpp"
#include "cli/recipe_flags.hpp"
#include "cli/replace_file.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "package/embedded.hpp"
#include "package/license/review.hpp"
#include "recipe/copyright_edits.hpp"
#include "recipe/decode.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

struct LicenseCheckFlags {
    RecipeFlags recipe;
    std::string format = "flat";
    std::string scan_type = "shallow";
    std::filesystem::path work_directory, cache_directory;
    bool is_offline = false;
    bool fix = false;
    bool is_strict = false;

    bool is_deep() const { return scan_type == "deep"; }
};

/// What was named: a recipe with its sources, or a tree alone.
struct CheckedSources {
    std::optional<recipe::Configuration> configuration;
    build::LicenseReview review;
};

std::string match_text(const package::LicenseMatch& match) {
    std::string text =
        fmt::format("{} (confidence {}", match.id, package::confidence_text(match.confidence));
    if (match.changed_words != 0) {
        text += fmt::format(
            "; {} word{} differ{}, the first at line {}",
            match.changed_words,
            match.changed_words == 1 ? "" : "s",
            match.changed_words == 1 ? "s" : "",
            match.change_line
        );
    }
    return text + ")";
}

std::string to_text(const build::LicenseReview& review) {
    std::string text;
    for (const package::LicenseFile& file : review.files) {
        const std::string path = printable(file.path);
        for (const package::LicenseMatch& match : file.matches) {
            text += fmt::format("{}:{}: {}\n", path, match.first_line, match_text(match));
        }
        if (file.matches.empty()) {
            text += fmt::format("{}: no known licence\n", path);
        }
    }
    return text.empty() ? "no files of licences\n" : text;
}

std::string to_json(const build::LicenseReview& review, bool is_fixed) {
    nlohmann::ordered_json json = {
        {"files", nlohmann::ordered_json::array()},
        {"differences", nlohmann::ordered_json::array()},
        {"fixed", is_fixed}};
    for (const package::LicenseFile& file : review.files) {
        nlohmann::ordered_json licenses = nlohmann::ordered_json::array();
        for (const package::LicenseMatch& match : file.matches) {
            licenses.push_back(
                {{"license", match.id},
                 {"confidence", match.confidence / 1000.0},
                 {"first_line", match.first_line},
                 {"last_line", match.last_line},
                 {"changed_words", match.changed_words},
                 {"change_line", match.change_line}}
            );
        }
        json["files"].push_back(
            {{"path", printable(file.path)}, {"cut", file.is_cut}, {"licenses", licenses}}
        );
    }
    for (const package::LicenseDifference& difference : review.differences) {
        json["differences"].push_back(
            {{"path", printable(difference.path)},
             {"license", difference.match.id},
             {"message", difference.message}}
        );
    }
    return to_json_text(json);
}

Result<build::LicenseReview> review_sources(
    const recipe::Configuration& configuration,
    const std::filesystem::path& recipe,
    const LicenseCheckFlags& flags,
    Session& session
) {
    pipeline::Library library(pipeline_directories(flags.recipe), session.reader());
    const build::Services services = session.services(library);
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, "x86_64"));
    QUERN_TRY(
        const pipeline::Compiled compiled,
        build::compile_recipe(configuration, recipe, options, services)
    );
    QUERN_TRY(
        const build::Workspace workspace,
        build::Workspace::create(session.cache() / "workspaces", flags.work_directory, services.ids)
    );
    QUERN_CHECK(build::fetch_sources(compiled.plan, recipe, workspace, services));
    return build::review_licenses(configuration.package, workspace.home(), flags.is_deep());
}

Result<CheckedSources> check_recipe_file(
    const std::filesystem::path& path, const LicenseCheckFlags& flags, Session& session
) {
    warn_of_missing_pipelines(flags.recipe, session.reporter());
    QUERN_TRY(const recipe::LoadOptions options, load_options(flags.recipe, "x86_64"));
    pipeline::Library library(pipeline_directories(flags.recipe), session.reader());
    CheckedSources checked;
    QUERN_TRY(checked.configuration, build::load_recipe(path, options, session.services(library)));
    QUERN_TRY(checked.review, review_sources(*checked.configuration, path, flags, session));
    return checked;
}

Result<CheckedSources> check_package(
    const std::string& target,
    const LicenseCheckFlags& flags,
    PackageOpener& opener,
    Session& session
) {
    QUERN_TRY(const apk::PackageFile package, opener.open(target));
    Diagnostics diagnostics;
    CheckedSources checked;
    checked.configuration = package::embedded_configuration(package.head(), diagnostics);
    if (!checked.configuration) {
        return Error(
                   ErrorCode::invalid_data,
                   fmt::format(
                       "{} does not hold the recipe that it was built from", printable(target)
                   )
        )
            .help("name the recipe; packages of version 3 and of other tools hold none");
    }
    QUERN_TRY(checked.review, review_sources(*checked.configuration, {}, flags, session));
    return checked;
}

Result<CheckedSources> check_tree(
    const std::filesystem::path& path, const LicenseCheckFlags& flags
) {
    std::error_code failure;
    CheckedSources checked;
    package::LicenseSearch search;
    search.is_deep = flags.is_deep();
    std::filesystem::path directory = path;
    if (std::filesystem::is_regular_file(path, failure)) {
        directory = path.has_parent_path() ? path.parent_path() : ".";
        search.named = {path.filename().string()};
        search.only_named = true;
    }
    QUERN_TRY(const FileTree tree, FileTree::open(directory));
    QUERN_TRY(checked.review.files, package::find_licenses(tree, search));
    return checked;
}

bool has_certain_match(const build::LicenseReview& review) {
    return std::any_of(review.files.begin(), review.files.end(), [](const auto& file) {
        return std::any_of(file.matches.begin(), file.matches.end(), [](const auto& match) {
            return match.is_certain();
        });
    });
}

// The new text is read as a recipe before it takes the place of the old one.
Result<void> check_edited(
    const std::string& path,
    const std::string& text,
    const std::vector<package::WantedCopyright>& wanted
) {
    Diagnostics ignored;  // the old text was loaded without errors
    const auto decoded =
        recipe::decode_recipe(std::make_shared<const SourceFile>(path, text), ignored);
    bool is_good = decoded && decoded->package.copyright.size() == wanted.size();
    for (std::size_t i = 0; is_good && i < wanted.size(); ++i) {
        is_good = decoded->package.copyright[i].license.value == wanted[i].license ||
                  wanted[i].entry.has_value();
    }
    return is_good ? Result<void>()
                   : Error(
                         ErrorCode::unsupported,
                         fmt::format("{}: `copyright` cannot be edited as it is written", path)
                     );
}

Result<bool> fix_recipe(
    const std::filesystem::path& path,
    const CheckedSources& checked,
    const LicenseCheckFlags& flags,
    Session& session
) {
    if (checked.review.differences.empty() || !has_certain_match(checked.review)) {
        return false;
    }
    const auto wanted = package::fixed_copyright(
        checked.configuration->package.copyright, checked.review.files, flags.format == "simple"
    );
    std::vector<recipe::CopyrightEdit> edits;
    for (const package::WantedCopyright& each : wanted) {
        edits.push_back({each.entry, each.license, each.license_path});
    }
    QUERN_TRY(std::string bytes, session.reader().read(path));
    const auto file = std::make_shared<const SourceFile>(path.string(), bytes);
    QUERN_TRY(const std::string text, recipe::edit_copyright(file, edits));
    QUERN_CHECK(check_edited(path.string(), text, wanted));
    if (text == file->text()) {
        return false;
    }
    const std::string mark = bytes.substr(0, bytes.size() - file->text().size());
    QUERN_CHECK(replace_file(path, mark + text));
    session.reporter().note(fmt::format("{}: the copyright is rewritten", path.string()));
    return true;
}

bool is_recipe(std::string_view target) {
    return target.ends_with(".yaml") || target.ends_with(".yml");
}

Result<CheckedSources> check_target(
    const std::string& target,
    const LicenseCheckFlags& flags,
    const Invocation& invocation,
    Session& session
) {
    std::error_code failure;
    if (target.find("://") == std::string::npos && !std::filesystem::exists(target, failure)) {
        return Error(ErrorCode::not_found, fmt::format("there is no {}", printable(target)))
            .help("name a recipe (.yaml), a package (.apk, or its URL) or a folder of sources");
    }
    if (is_recipe(target)) {
        return check_recipe_file(target, flags, session);
    }
    if (target.ends_with(".apk")) {
        PackageOpener opener(invocation);
        return check_package(target, flags, opener, session);
    }
    return check_tree(target, flags);
}

Result<void> run_license_check(const LicenseCheckFlags& flags, const Invocation& invocation) {
    std::string target;
    if (flags.recipe.config.empty()) {
        QUERN_TRY(const std::filesystem::path found, find_recipe(flags.recipe));
        target = found.string();
    } else {
        target = flags.recipe.config.front();
    }
    if (flags.fix && !is_recipe(target)) {
        return Error(ErrorCode::usage, "only a recipe can be mended")
            .help("quern license-check --fix hello/melange.yaml");
    }
    SessionOptions options;
    options.offline = flags.is_offline;
    if (!flags.cache_directory.empty()) {
        options.content_directories = {std::filesystem::absolute(flags.cache_directory)};
    }
    QUERN_TRY(const auto session, Session::create(invocation, options));
    QUERN_TRY(const CheckedSources checked, check_target(target, flags, invocation, *session));
    bool is_fixed = false;
    if (flags.fix) {
        QUERN_TRY(is_fixed, fix_recipe(target, checked, flags, *session));
    }
    const bool is_json = invocation.global.format == "json" || flags.format == "json";
    QUERN_CHECK(print(is_json ? to_json(checked.review, is_fixed) : to_text(checked.review)));
    for (const package::LicenseDifference& difference : checked.review.differences) {
        session->reporter().warning(difference.message);
    }
    if (flags.is_strict && !checked.review.differences.empty() && !is_fixed) {
        return Error(ErrorCode::invalid_recipe, "the recipe does not state what was found")
            .help("`--fix` writes it into the recipe; `detection-override` in an entry silences");
    }
    return {};
}

}  // namespace

Run define_license_check(CLI::App& app) {
    const auto flags = std::make_shared<LicenseCheckFlags>();
    add_recipe_flags(app, flags->recipe);
    describe_option(
        app,
        "config",
        "a recipe, a package (.apk), or a directory or file of sources; without it as `build`"
    );
    add_flag(app, "--fix", flags->fix, "write what was found into the recipe's copyright");
    add_option(
        app,
        "--format",
        flags->format,
        "of --fix: flat is an entry a licence, simple one of all; of results: json"
    )
        ->check(one_of({"flat", "simple", "text", "json"}))
        ->capture_default_str();
    add_option(
        app, "--scan-type", flags->scan_type, "shallow looks two directories down, deep everywhere"
    )
        ->check(one_of({"shallow", "deep"}))
        ->capture_default_str();
    add_option(app, "--workdir", flags->work_directory, "where sources are put; they stay there");
    add_option(
        app, "--cache-dir", flags->cache_directory, "where sources lie as sha256:HEX, as for build"
    );
    add_flag(app, "--offline", flags->is_offline, "download nothing");
    add_flag(app, "--strict", flags->is_strict, "exit status 1 if anything differs");
    return [flags](const Invocation& invocation) { return run_license_check(*flags, invocation); };
}

}  // namespace quern::cli
