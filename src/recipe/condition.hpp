// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

#include <optional>

namespace quern::recipe {

/// Parses and evaluates an `if:` text (recipe-and-build 3.4). An empty text is true. Variables are
/// compared by value, never re-parsed. Empty with diagnostics if the text is wrong
/// ("bad-condition") or names an unknown variable.
std::optional<bool> evaluate(
    const Text& condition, const Variables& variables, Diagnostics& diagnostics
);

/// Only the grammar: false with diagnostics if the text is wrong.
bool check_condition(const Text& condition, Diagnostics& diagnostics);

}  // namespace quern::recipe
