// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"

#include <filesystem>
#include <vector>

namespace quern::build {

/// The recipes in `directory` itself (YAML files with a top-level `package`) and one level below
/// (melange.yaml or .melange.yaml), sorted by path. Errors: io, not_found (there is none).
Result<std::vector<std::filesystem::path>> find_recipes(const std::filesystem::path& directory);

/// Puts recipes in an order in which each stands behind those whose packages its environment is
/// made of: by name or by what they declare to provide, through what these packages depend on, and
/// with what its pipelines need. Otherwise the order stays. Recipes that cannot
/// be read stand in front: whoever builds them tells what is wrong. Errors: invalid_recipe (recipes
/// that need each other; the message has the circle).
Result<std::vector<std::filesystem::path>> order_recipes(
    const std::vector<std::filesystem::path>& recipes,
    const recipe::LoadOptions& options,
    const FileReader& reader,
    pipeline::Library& library
);

}  // namespace quern::build
