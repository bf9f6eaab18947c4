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
    std::vector<std::string> directories;  ///< empty: none are built
    std::vector<std::string> source_caches;
    std::string git_commit;
    std::string out_directory = "packages";
    std::vector<std::string> pipeline_directories;
    KeyFlags key;
    std::string runner;
};
void add_recipe_directory_flags(CLI::App& app, RecipeDirectoryFlags& flags);

/// What the session of the image has to be ready for. Errors: usage (no key).
Result<void> prepare_image(const RecipeDirectoryFlags& flags, ImageFlags& image);

/// Builds the recipes that are out of date, for the architectures of the image, in an environment
/// from its repositories; the image takes packages from there too, as by -b and -k. Gives what was
/// built, for `--format json`: [{recipe, architecture, packages, unchanged}]. Errors: usage (no
/// public key beside the private one), those of building.
Result<nlohmann::ordered_json> build_recipes(
    const RecipeDirectoryFlags& flags, const Invocation& invocation, ImageSession& opened
);

}  // namespace quern::cli
