// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"

namespace quern::recipe {

/// The two halves of `load`, for who wants the recipe as it is written too.

/// A recipe as it is written: nothing evaluated. Empty if an error was added that leaves nothing to
/// evaluate; unknown keys alone do not.
std::optional<Recipe> read(
    const std::filesystem::path& path, const FileReader& reader, Diagnostics& diagnostics
);

/// Evaluates a recipe that was read: options, variables, transforms, ranges, parse-time
/// substitution, defaults, validation. Empty if `diagnostics` got an error.
std::optional<Configuration> evaluate(
    Recipe recipe, const FileReader& reader, const LoadOptions& options, Diagnostics& diagnostics
);

}  // namespace quern::recipe
