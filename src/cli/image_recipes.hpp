// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/image_flags.hpp"
#include "cli/session.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace quern::cli {

/// `--build-recipes`: packages of an image that are built first.
struct RecipeDirectoryFlags {
    std::string directory;  ///< empty: none are built
    std::string out_directory = "packages";
    std::vector<std::string> pipeline_directories;
    KeyFlags key;
    std::string runner;
};
void add_recipe_directory_flags(CLI::App& app, RecipeDirectoryFlags& flags);

/// Where the packages will be and who signs them, for the image: as -b and -k would. Errors: usage
/// (no key, or no public key beside it).
Result<void> add_built_repository(const RecipeDirectoryFlags& flags, ImageFlags& image);

/// Builds the recipes that are out of date, for the architectures of the image, in an environment
/// from its repositories. Gives what was built, for `--format json`: [{recipe, architecture,
/// packages, unchanged}]. Errors: those of building.
Result<nlohmann::ordered_json> build_recipes(
    const RecipeDirectoryFlags& flags, const Invocation& invocation, ImageSession& opened
);

}  // namespace quern::cli
