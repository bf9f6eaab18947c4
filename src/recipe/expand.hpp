// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "recipe/variables.hpp"

namespace quern::recipe {

/// Lets the enabled options of `options` write their vars into the recipe's. Their packages follow
/// in `expand`.
void apply_option_variables(Recipe& recipe, const LoadOptions& options);

/// `fixed`, the recipe's vars in the order of their dependence, and the transforms in the order of
/// the file. A reference to a name that is not there is left as it is, or reported if `is_strict`.
/// Circles are "variable-cycle".
Variables resolve_variables(
    const Recipe& recipe, const Variables& fixed, bool is_strict, Diagnostics& diagnostics
);

/// What the parse time knows: package.* as written, vars and transforms (recipe-and-build 2.9).
Variables parse_variables(const Recipe& recipe, Diagnostics& diagnostics);

/// Replaces what the parse time replaces, copies the ranged subpackages, adds the options'
/// packages, resolves the lists of packages strictly, and hands working directories and
/// environments of steps down (recipe-and-build 2.0, 2.7, 2.9, 4.3). Too much of it is
/// "recipe-limit".
void expand(Recipe& recipe, const LoadOptions& options, Diagnostics& diagnostics);

}  // namespace quern::recipe
