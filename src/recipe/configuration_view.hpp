// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"
#include "recipe/template_value.hpp"

namespace quern::recipe {

/// The configuration under the names that it has in melange's Go: `.Package.TargetArchitecture`.
/// Nothing is copied; `configuration` must outlive the value. A part that melange keeps behind a
/// pointer is nil where the recipe says nothing of it.
/// Source: recipe-and-build 1.5, 2 and 11.3.
Value view_of(const Configuration& configuration);

}  // namespace quern::recipe
