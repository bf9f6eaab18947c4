// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The two engines of recipe-and-build 3.1 share nothing but the three bytes `${{`: the replacer of
// the parse time knows one exact spelling and leaves alone what it does not know; the compile time
// reads a small grammar and reports everything that it cannot resolve. Both go over a text once,
// from left to right, and never look at what they have put in.
#include "recipe/variables.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace {

constexpr std::string_view opening = "${{";
constexpr std::string_view closing = "}}";
/// Longer names are not looked up: it bounds the work on texts full of openings.
constexpr std::size_t max_name_size = 1024;
/// After so many errors nobody reads suggestions.
constexpr std::size_t max_suggestions = 100;
constexpr std::size_t max_errors_per_text = 50;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

void report_malformed(const Text& text, const Reference& reference, Diagnostics& diagnostics) {
    const Span where =
        yaml::place_in_scalar(text.where, text.value, reference.begin, reference.length);
    if (reference.state == Reference::State::empty) {
        diagnostics.error(
            "bad-variable-reference", "empty variable name", where, "write ${{name}}"
        );
        return;
    }
    diagnostics.error(
        "bad-variable-reference",
        fmt::format("unterminated variable reference '${{{{{}'", printable(reference.name)),
        where,
        "a reference ends with '}}', and a name has letters, digits, '.', '_' and '-'"
    );
}

/// The exact reference that starts at `begin`, if its name is known.
const std::string* find_exact(
    std::string_view text, std::size_t begin, const Variables& variables, std::size_t& length
) {
    const std::string_view rest = text.substr(begin + opening.size(), max_name_size);
    const std::size_t end = rest.find(closing);
    if (end == std::string_view::npos) {
        return nullptr;
    }
    const auto found = variables.find(rest.substr(0, end));
    if (found == variables.end()) {
        return nullptr;
    }
    length = opening.size() + end + closing.size();
    return &found->second;
}

void append_quoted(std::string& out, std::string_view value) {
    out += '"';
    for (const char c : value) {
        switch (c) {
            case '"':
            case '\\':
                out += '\\';
                out += c;
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

}  // namespace

Reference read_reference(std::string_view text, std::size_t begin) {
    std::size_t at = begin + opening.size();
    while (at < text.size() && is_space(text[at])) {
        ++at;
    }
    const std::size_t name_begin = at;
    while (at < text.size() && is_name_byte(text[at])) {
        ++at;
    }
    const std::string_view name = text.substr(name_begin, at - name_begin);
    const std::size_t name_end = at;
    while (at < text.size() && is_space(text[at])) {
        ++at;
    }
    if (!text.substr(at).starts_with(closing)) {
        return {Reference::State::unterminated, begin, name_end - begin, name};
    }
    const auto state = name.empty() ? Reference::State::empty : Reference::State::complete;
    return {state, begin, at + closing.size() - begin, name};
}

std::vector<Reference> find_references(std::string_view text) {
    std::vector<Reference> found;
    std::size_t at = text.find(opening);
    while (at != std::string_view::npos) {
        found.push_back(read_reference(text, at));
        at = text.find(opening, at + std::max(found.back().length, opening.size()));
    }
    return found;
}

void report_unknown_variable(
    const Text& text,
    const Reference& reference,
    const Variables& variables,
    const UnknownNameHelp& help,
    Diagnostics& diagnostics
) {
    std::string advice = help ? help(reference.name) : std::string();
    if (advice.empty() && diagnostics.error_count() < max_suggestions) {
        std::vector<std::string_view> names;
        names.reserve(variables.size());
        for (const auto& [name, value] : variables) {
            names.push_back(name);
        }
        if (const std::string_view near = nearest(reference.name, names); !near.empty()) {
            advice = fmt::format("did you mean '{}'?", near);
        }
    }
    diagnostics.error(
        "unknown-variable",
        fmt::format("variable '{}' is not defined", reference.name),
        yaml::place_in_scalar(text.where, text.value, reference.begin, reference.length),
        std::move(advice)
    );
}

std::optional<std::string> substitute(
    const Text& text, const Variables& variables, Diagnostics& diagnostics
) {
    return substitute(text, variables, nullptr, diagnostics);
}

std::optional<std::string> substitute(
    const Text& text,
    const Variables& variables,
    const UnknownNameHelp& help,
    Diagnostics& diagnostics
) {
    const std::vector<Reference> references = find_references(text.value);
    if (references.empty()) {
        return text.value;
    }
    std::string out;
    std::size_t done = 0;
    std::size_t errors = 0;
    for (const Reference& reference : references) {
        const auto found = reference.state == Reference::State::complete
                               ? variables.find(reference.name)
                               : variables.end();
        if (found != variables.end()) {
            out.append(text.value, done, reference.begin - done).append(found->second);
            done = reference.begin + reference.length;
        } else if (++errors > max_errors_per_text) {
            break;
        } else if (reference.state == Reference::State::complete) {
            report_unknown_variable(text, reference, variables, help, diagnostics);
        } else {
            report_malformed(text, reference, diagnostics);
        }
        if (out.size() > max_text_size) {
            diagnostics.error(
                "text-limit", "the text grows over 16 MiB by its variables", text.where
            );
            return std::nullopt;
        }
    }
    if (errors != 0) {
        return std::nullopt;
    }
    return out.append(text.value, done);
}

std::string replace_exactly(std::string_view text, const Variables& variables) {
    std::string out;
    std::size_t done = 0;
    std::size_t at = text.find(opening);
    while (at != std::string_view::npos && out.size() <= max_text_size) {
        std::size_t length = 1;
        if (const std::string* value = find_exact(text, at, variables, length); value != nullptr) {
            out.append(text, done, at - done).append(*value);
            done = at + length;
        }
        at = text.find(opening, at + length);
    }
    return out.append(text, done);
}

std::string replace_in_condition(std::string_view text, const Variables& variables) {
    std::string out;
    char quote = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (quote != 0 && c == '\\' && at + 1 < text.size()) {
            out.append(text, at, 2);
            at += 2;
            continue;
        }
        std::size_t length = 1;
        const bool opens = text.substr(at).starts_with(opening);
        if (const std::string* value = opens ? find_exact(text, at, variables, length) : nullptr;
            value == nullptr) {
            if (c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            }
            out += c;
        } else if (quote != 0) {
            out += *value;
        } else {
            append_quoted(out, *value);
        }
        at += length;
    }
    return out;
}

}  // namespace quern::recipe
