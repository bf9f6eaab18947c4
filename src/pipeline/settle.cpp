// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/settle.hpp"

#include "recipe/condition.hpp"
#include "recipe/variables.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace quern::pipeline {

namespace {

void append_quoted(std::string& out, std::string_view value) {
    out += '"';
    for (const char c : value) {
        switch (c) {
            case '"':
            case '\\':
                out.append({'\\', c});
                break;
            case '\n':
                out += "\\n";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += c;
        }
    }
    out += '"';
}

/// The text with its variables as quoted strings; unknown names stay.
std::string render_condition(std::string_view text, const recipe::Variables& variables) {
    std::string out;
    std::size_t done = 0;
    for (const recipe::Reference& reference : recipe::find_references(text)) {
        const auto found = variables.find(reference.name);
        if (reference.state != recipe::Reference::State::complete || found == variables.end()) {
            continue;
        }
        out.append(text, done, reference.begin - done);
        append_quoted(out, found->second);
        done = reference.begin + reference.length;
    }
    return out.append(text, done);
}

/// The first reference that stands between quotes.
std::optional<recipe::Reference> quoted_reference(std::string_view text) {
    char quote = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (quote != 0 && text[at] == '\\') {
            ++at;
        } else if (quote != 0 && text.substr(at).starts_with("${{")) {
            return recipe::read_reference(text, at);
        } else if (text[at] == quote) {
            quote = 0;
        } else if (quote == 0 && (text[at] == '\'' || text[at] == '"')) {
            quote = text[at];
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<bool> settle_condition(
    recipe::Text& condition, const recipe::Variables& variables, Diagnostics& diagnostics
) {
    if (condition.value.find("${{") == std::string::npos) {
        return recipe::evaluate(condition, variables, diagnostics);
    }
    const auto quoted = quoted_reference(condition.value);
    if (!quoted) {
        const auto holds = recipe::evaluate(condition, variables, diagnostics);
        condition.value = render_condition(condition.value, variables);
        return holds;
    }
    if (!recipe::substitute(condition, variables, diagnostics)) {
        return std::nullopt;
    }
    diagnostics.warning(
        "quoted-variable",
        fmt::format("'${{{{{}}}}}' stands between quotes and is compared with them", quoted->name),
        yaml::place_in_scalar(condition.where, condition.value, quoted->begin, quoted->length),
        "a variable in 'if' is a text already: leave the quotes out"
    );
    condition.value = render_condition(condition.value, variables);
    return recipe::evaluate(condition, variables, diagnostics);
}

}  // namespace quern::pipeline
