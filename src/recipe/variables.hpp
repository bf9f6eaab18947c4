// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace quern::recipe {

/// Compile-time substitution: `${{ name }}` with any white space inside; every unknown name, empty name and unterminated reference is a
/// diagnostic at its place in `text.where` ("unknown-variable", did you mean). No result is scanned again (recipe-and-build 3.1).
std::optional<std::string> substitute(const Text& text, const Variables& variables, Diagnostics& diagnostics);

/// Parse-time replacement: only the exact spelling `${{name}}`, unknown names stay as they are, one pass (recipe-and-build 2.9).
std::string replace_exactly(std::string_view text, const Variables& variables);

/// As replace_exactly for `if:` texts: what stands outside of quotes is replaced by a quoted string, inside quotes by the raw text (14.2 #2).
std::string replace_in_condition(std::string_view text, const Variables& variables);

/// One var-transform: RE2 `match`, Go's expansion in `replace` (2.7). Empty with a diagnostic if the expression is wrong or the result over 1 MiB.
std::optional<std::string> transform(const std::string& value, const VarTransform& rule, Diagnostics& diagnostics);

}  // namespace quern::recipe
