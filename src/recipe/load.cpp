// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The order of processing (recipe-and-build 2.0, with 14.2 #7: options come before anything is
// replaced).
#include "recipe/load.hpp"

#include "recipe/decode.hpp"
#include "recipe/env_file.hpp"
#include "recipe/expand.hpp"
#include "recipe/validate.hpp"
#include "support/file_reader.hpp"
#include "yaml/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::recipe {

namespace {

constexpr std::string_view build_account = "build";
constexpr std::uint32_t build_id = 1000;

std::shared_ptr<const SourceFile> read_source(
    const std::filesystem::path& path, const FileReader& reader, Diagnostics& diagnostics
) {
    auto text = reader.read(path);
    if (!text) {
        const std::string& help = text.error().help();
        diagnostics.error(
            "cannot-read",
            text.error().message(),
            {},
            help.empty() ? "name the file of a recipe: hello/melange.yaml" : help
        );
        return nullptr;
    }
    auto file = std::make_shared<const SourceFile>(path.string(), yaml::to_utf8(std::move(*text)));
    diagnostics.keep(file);
    return file;
}

/// Errors of the form that leave the rest fit to be looked at: then all that is wrong is told at
/// once.
bool only_unknown_keys(Diagnostics& from, Diagnostics& to) {
    bool only = true;
    for (Diagnostic& diagnostic : from.take()) {
        only = only && (diagnostic.id == "unknown-key" || diagnostic.severity == Severity::warning);
        to.add(std::move(diagnostic));
    }
    return only;
}

void merge_vars_file(
    Recipe& recipe,
    const std::filesystem::path& path,
    const FileReader& reader,
    Diagnostics& diagnostics
) {
    if (path.empty()) {
        return;
    }
    auto file = read_source(path, reader, diagnostics);
    auto variables = file ? decode_variables(file, diagnostics) : std::nullopt;
    if (!variables) {
        return;
    }
    recipe.files.push_back(std::move(file));
    for (auto& [name, value] : *variables) {
        recipe.vars.insert_or_assign(name, std::move(value));
    }
}

/// The recipe wins over every file, an earlier file over a later one.
void merge_env_files(
    Recipe& recipe, const LoadOptions& options, const FileReader& reader, Diagnostics& diagnostics
) {
    for (const std::filesystem::path& path : options.env_files) {
        auto file = read_source(path, reader, diagnostics);
        auto values = file ? parse_env_file(*file, diagnostics) : std::nullopt;
        if (values) {
            recipe.environment.environment.merge(*values);
            recipe.files.push_back(std::move(file));
        }
    }
}

void add_build_account(Environment& environment) {
    const auto is_build = [](const auto& account) { return account.name == build_account; };
    if (std::none_of(environment.groups.begin(), environment.groups.end(), is_build)) {
        environment.groups.push_back(
            {.name = std::string(build_account),
             .gid = build_id,
             .members = {std::string(build_account)}}
        );
    }
    if (std::none_of(environment.users.begin(), environment.users.end(), is_build)) {
        environment.users.push_back(
            {.name = std::string(build_account),
             .uid = build_id,
             .gid = build_id,
             .shell = {},
             .home = {}}
        );
    }
}

/// Source: recipe-and-build 2.4.
void add_default_environment(Environment& environment) {
    struct Variable {
        std::string_view name, value;
    };
    constexpr std::array defaults = {
        Variable{"HOME", "/home/build"},
        Variable{"GOPATH", "/home/build/.cache/go"},
        Variable{"GOMODCACHE", "/var/cache/melange/gomodcache"},
        Variable{"UV_CACHE_DIR", "/var/cache/melange/uv"},
        Variable{"PIP_CACHE_DIR", "/var/cache/melange/pip"},
        Variable{"COMPOSER_CACHE_DIR", "/var/cache/melange/composer"},
        Variable{"npm_config_cache", "/var/cache/melange/npm"},
    };
    for (const Variable& variable : defaults) {
        Text& value = environment.environment[std::string(variable.name)];
        if (value.is_empty()) {
            value.value = variable.value;
        }
    }
}

void add_defaults(Recipe& recipe) {
    add_build_account(recipe.environment);
    add_default_environment(recipe.environment);
    if (recipe.test) {
        add_build_account(recipe.test->environment);
    }
    for (Subpackage& subpackage : recipe.subpackages) {
        if (subpackage.test && !subpackage.test->pipeline.empty()) {
            add_build_account(subpackage.test->environment);
        }
        if (subpackage.commit.is_empty()) {
            subpackage.commit = recipe.package.commit;
        }
    }
}

void apply_overrides(Recipe& recipe, const LoadOptions& options) {
    Package& package = recipe.package;
    if (options.timeout && options.timeout->count() != 0) {
        package.timeout = options.timeout;
    }
    const auto override_with = [](std::string& value, const std::string& given) {
        if (!given.empty()) {
            value = given;
        }
    };
    override_with(package.resources.cpu, options.resources.cpu);
    override_with(package.resources.cpu_model, options.resources.cpu_model);
    override_with(package.resources.memory, options.resources.memory);
    override_with(package.resources.disk, options.resources.disk);
}

}  // namespace

std::optional<Recipe> read(
    const std::filesystem::path& path, const FileReader& reader, Diagnostics& diagnostics
) {
    auto file = read_source(path, reader, diagnostics);
    if (!file) {
        return std::nullopt;
    }
    Diagnostics found;
    auto recipe = decode_recipe(std::move(file), found);
    if (!only_unknown_keys(found, diagnostics)) {
        return std::nullopt;
    }
    return recipe;
}

std::optional<Configuration> evaluate(
    Recipe recipe, const FileReader& reader, const LoadOptions& options, Diagnostics& diagnostics
) {
    const std::size_t errors = diagnostics.error_count();
    merge_vars_file(recipe, options.vars_file, reader, diagnostics);
    apply_option_variables(recipe, options);
    if (recipe.package.commit.is_empty()) {
        recipe.package.commit.value = options.commit;
    }
    expand(recipe, options, diagnostics);
    merge_env_files(recipe, options, reader, diagnostics);
    add_defaults(recipe);
    apply_overrides(recipe, options);
    validate(recipe, diagnostics);
    return diagnostics.error_count() != errors ? std::nullopt : std::optional(std::move(recipe));
}

std::optional<Configuration> load(
    const std::filesystem::path& path,
    const FileReader& reader,
    const LoadOptions& options,
    Diagnostics& diagnostics
) {
    const std::size_t errors = diagnostics.error_count();
    auto recipe = read(path, reader, diagnostics);
    if (!recipe) {
        return std::nullopt;
    }
    auto configuration = evaluate(std::move(*recipe), reader, options, diagnostics);
    return diagnostics.error_count() != errors ? std::nullopt : std::move(configuration);
}

}  // namespace quern::recipe
