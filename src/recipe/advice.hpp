// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

#include <span>
#include <string_view>

namespace quern::recipe {

/// What loading lets pass: "bad-version", "bad-relation" and "unknown-linter", which only a build
/// refuses, and the warnings "unused-variable" and "unused-range", "unknown-group". `written` is
/// the recipe before evaluation; `evaluated.files` are the texts in which its variables may be
/// used, definitions among them.
void advise(const Recipe& written, const Configuration& evaluated, Diagnostics& diagnostics);

/// Names that `checks.disabled` may hold, sorted. Source: recipe-and-build 9.1.
std::span<const std::string_view> linter_names();

}  // namespace quern::recipe
