// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "quern/reporter.hpp"

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {

/// Flags of every command that reads a recipe (recipe-and-build 1.1).
struct RecipeFlags {
    std::vector<std::string> config;  ///< positional; only the first is used
    std::vector<std::string> architectures;
    std::vector<std::string> build_options;
    std::vector<std::string> env_files;
    std::vector<std::string> pipeline_directories;
    std::string pipeline_directory;
    std::string vars_file;
    std::string libc_flavor = "gnu";
    std::string git_commit;
    std::string timeout;
    std::string cpu, cpu_model, memory, disk;
    bool shell_check = true;
};

void add_recipe_flags(CLI::App& app, RecipeFlags& flags);

/// A recipe that is named has to be there: not_found otherwise.
Result<void> expect_recipe(const std::filesystem::path& path);
/// The recipe that was named, or the first of .melange.yaml, .melange.yml, melange.yaml,
/// melange.yml here. Errors: not_found.
Result<std::filesystem::path> find_recipe(const RecipeFlags& flags);
/// `--arch` by apk's names, sorted: "host" and nothing are this machine's, "all" is every known
/// one.
std::vector<std::string> chosen_architectures(const std::vector<std::string>& words);
/// Pipeline directories in search order.
std::vector<std::filesystem::path> pipeline_directories(const RecipeFlags& flags);

/// Warns of each that is no directory: calls that serve many checkouts name some that few have.
void warn_of_missing(
    std::string_view flag, std::span<const std::filesystem::path> directories, Reporter& reporter
);
/// Of those that are searched for definitions.
void warn_of_missing_pipelines(const RecipeFlags& flags, Reporter& reporter);
/// Errors: usage (a timeout that is none).
Result<recipe::LoadOptions> load_options(const RecipeFlags& flags, const std::string& architecture);
/// "1h30m", "90s", "1500ms"; a bare number is seconds. Errors: usage.
Result<std::chrono::nanoseconds> parse_duration(const std::string& text);

}  // namespace quern::cli
