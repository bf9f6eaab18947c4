// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

#include <optional>

namespace quern::pipeline {

/// Evaluates an `if:` and writes its variables into it as quoted texts, which is how melange prints
/// conditions. A reference that stands between quotes gets its quotes there too, so that it equals
/// nothing that was meant: same result as melange, with a warning. Empty with diagnostics if the
/// text is wrong or names an unknown variable.
std::optional<bool> settle_condition(
    recipe::Text& condition, const recipe::Variables& variables, Diagnostics& diagnostics
);

}  // namespace quern::pipeline
