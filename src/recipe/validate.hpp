// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

namespace quern::recipe {

/// The rules of recipe-and-build 2.10, on an expanded recipe; all that is broken is reported.
void validate(const Recipe& recipe, Diagnostics& diagnostics);

}  // namespace quern::recipe
