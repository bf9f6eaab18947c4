// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "recipe/replacer.hpp"
#include "recipe/variables.hpp"

namespace quern::recipe {

/// Replaces in all subpackages; one with a range becomes a copy for each item of its data, in its
/// place, by key (recipe-and-build 2.7). An unknown range is "unknown-range"; over 3,000
/// subpackages are "recipe-limit". `variables` is used for range.* and left as it was.
void expand_subpackages(
    Recipe& recipe, Variables& variables, Budget& budget, Diagnostics& diagnostics
);

}  // namespace quern::recipe
