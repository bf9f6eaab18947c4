// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::recipe {

/// Results of substitution and transforms never grow past this many bytes.
constexpr std::size_t max_text_size = 16 * 1024 * 1024;

/// One `${{ … }}` in a text.
struct Reference {
    enum class State { complete, empty, unterminated };
    State state = State::complete;
    std::size_t begin = 0;   ///< of the `$`
    std::size_t length = 0;  ///< up to and with `}}`; of an unterminated one, what was read of it
    std::string_view name;   ///< views the text
};

/// The reference whose `${{` starts at `begin`.
Reference read_reference(std::string_view text, std::size_t begin);
/// All references of a text by the tolerant grammar, in order. Linear in the text.
std::vector<Reference> find_references(std::string_view text);

/// Says more about a name that is unknown at this place: "known only while compiling". Empty if
/// nothing is known.
using UnknownNameHelp = std::function<std::string(std::string_view name)>;

/// Compile-time substitution: `${{ name }}` with any white space inside; every unknown name, empty
/// name and unterminated reference is a diagnostic at its place in `text.where`
/// ("unknown-variable", did you mean; "bad-variable-reference"). No result is scanned again
/// (recipe-and-build 3.1).
std::optional<std::string> substitute(
    const Text& text, const Variables& variables, Diagnostics& diagnostics
);
std::optional<std::string> substitute(
    const Text& text,
    const Variables& variables,
    const UnknownNameHelp& help,
    Diagnostics& diagnostics
);

/// Reports the name of `reference`, which stands in `text`, as unknown ("unknown-variable").
void report_unknown_variable(
    const Text& text,
    const Reference& reference,
    const Variables& variables,
    const UnknownNameHelp& help,
    Diagnostics& diagnostics
);

/// Parse-time replacement: only the exact spelling `${{name}}`, unknown names stay as they are, one
/// pass (recipe-and-build 2.9).
std::string replace_exactly(std::string_view text, const Variables& variables);

/// As replace_exactly for `if:` texts: what stands outside of quotes is replaced by a quoted
/// string, inside quotes by the raw text (14.2 #2).
std::string replace_in_condition(std::string_view text, const Variables& variables);

/// One var-transform: RE2 `match`, Go's expansion in `replace` (2.7). Empty with a diagnostic if
/// the expression is wrong ("bad-transform"), or the result over 1 MiB or too costly
/// ("transform-limit").
std::optional<std::string> transform(
    const std::string& value, const VarTransform& rule, Diagnostics& diagnostics
);

/// Names of groups in `replace` that `match` does not have: they stand for nothing there. Empty if
/// the expression is wrong.
std::vector<std::string> unknown_groups(const VarTransform& rule);

}  // namespace quern::recipe
