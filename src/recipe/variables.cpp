// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// var-transforms: RE2 finds, our own code expands, because RE2's rewrite strings have another
// syntax than Go's.
#include "recipe/variables.hpp"

#include "support/text.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace quern::recipe {

namespace {

constexpr std::size_t max_result_size = 1024 * 1024;
/// Bytes that may be searched, all matches together: an expression that looks at the rest of the
/// text for each match is quadratic.
constexpr std::size_t max_search = 64 * 1024 * 1024;
constexpr std::size_t max_expression_size = 64 * 1024;

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80) != 0;
}

/// Go 1.22 also takes `(?<name>`; RE2 of 2022 wants `(?P<name>`. Escapes, quotes and classes are
/// left alone.
std::string with_named_groups(std::string_view expression) {
    std::string out;
    bool in_class = false;
    bool in_quote = false;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const std::string_view rest = expression.substr(i);
        if (in_quote) {
            in_quote = !rest.starts_with("\\E");
        } else if (rest.starts_with("\\Q") && !in_class) {
            in_quote = true;
        } else if (rest[0] == '\\' && rest.size() > 1) {
            out += rest[0];
            out += rest[1];
            ++i;
            continue;
        } else if (rest[0] == '[' || rest[0] == ']') {
            in_class = rest[0] == '[';
        } else if (!in_class && rest.starts_with("(?<") && rest.size() > 3 && is_word_byte(rest[3])) {
            out += "(?P<";
            i += 2;
            continue;
        }
        out += rest[0];
    }
    return out;
}

/// A parsed piece of a replacement: text, or the number of a group.
struct Piece {
    std::string text;
    int group = -1;
    std::string unknown = {};  ///< name of a group that there is not
};

/// The group that a name in a replacement means; -1 if there is none, which is no error in Go.
int group_of(std::string_view name, const std::map<std::string, int>& names, int count) {
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        const auto number = name.size() > 1 && name[0] == '0' ? std::nullopt : parse_unsigned(name);
        return number && *number <= static_cast<std::uint64_t>(count) ? static_cast<int>(*number)
                                                                      : -1;
    }
    const auto found = names.find(std::string(name));
    return found == names.end() ? -1 : found->second;
}

/// The name behind a `$` and its size with braces; empty if this `$` is only text.
std::string_view name_after_dollar(std::string_view rest, std::size_t& size) {
    const bool braces = rest.starts_with('{');
    const std::size_t begin = braces ? 1 : 0;
    std::size_t end = begin;
    while (end < rest.size() && is_word_byte(rest[end])) {
        ++end;
    }
    if (end == begin || (braces && (end >= rest.size() || rest[end] != '}'))) {
        return {};
    }
    size = end + begin;
    return rest.substr(begin, end - begin);
}

/// Source: Go's regexp package documentation, Regexp.Expand.
std::vector<Piece> parse_replacement(
    std::string_view text, const std::map<std::string, int>& names, int count
) {
    std::vector<Piece> pieces(1);
    for (std::size_t i = 0; i < text.size();) {
        std::size_t size = 0;
        if (text[i] == '$' && text.substr(i + 1).starts_with('$')) {
            pieces.back().text += '$';
            i += 2;
        } else if (const auto name = text[i] == '$' ? name_after_dollar(text.substr(i + 1), size)
                                                    : std::string_view();
                   !name.empty()) {
            pieces.back().group = group_of(name, names, count);
            pieces.back().unknown = pieces.back().group < 0 ? name : std::string_view();
            pieces.emplace_back();
            i += 1 + size;
        } else {
            pieces.back().text += text[i++];
        }
    }
    return pieces;
}

std::size_t rune_size(std::string_view text, std::size_t at) {
    std::size_t size = 1;
    while (at + size < text.size() && (text[at + size] & 0xC0) == 0x80 && size < 4) {
        ++size;
    }
    return size;
}

void append_expanded(
    std::string& out, const std::vector<Piece>& pieces, const std::vector<re2::StringPiece>& groups
) {
    for (const Piece& piece : pieces) {
        out += piece.text;
        if (piece.group >= 0) {
            const re2::StringPiece& group = groups[static_cast<std::size_t>(piece.group)];
            out.append(group.data() == nullptr ? "" : group.data(), group.size());
        }
    }
}

/// Replaces all matches. An empty match right behind another match does not count, as in Go.
/// Nothing if a limit is passed.
std::optional<std::string> replace_all_matches(
    const std::string& value, const RE2& expression, const std::vector<Piece>& pieces
) {
    std::vector<re2::StringPiece> groups(
        static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1
    );
    std::string out;
    std::size_t done = 0;
    std::size_t searched = 0;
    for (std::size_t at = 0; at <= value.size();) {
        searched += value.size() - at;
        if (out.size() > max_result_size || searched > max_search) {
            return std::nullopt;
        }
        if (!expression.Match(
                value,
                at,
                value.size(),
                RE2::UNANCHORED,
                groups.data(),
                static_cast<int>(groups.size())
            )) {
            break;
        }
        const auto begin = static_cast<std::size_t>(groups[0].data() - value.data());
        const std::size_t end = begin + groups[0].size();
        out.append(value, done, begin - done);
        if (end > done || begin == 0) {
            append_expanded(out, pieces, groups);
        }
        done = end;
        at = end > at ? end : at + rune_size(value, at);
    }
    out.append(value, done);
    return out.size() > max_result_size ? std::nullopt : std::optional(std::move(out));
}

}  // namespace

std::optional<std::string> transform(
    const std::string& value, const VarTransform& rule, Diagnostics& diagnostics
) {
    RE2::Options options;
    options.set_log_errors(false);
    if (rule.match.value.size() > max_expression_size) {
        diagnostics.error("bad-transform", "the expression is over 64 KiB", rule.match.where);
        return std::nullopt;
    }
    const RE2 expression(with_named_groups(rule.match.value), options);
    if (!expression.ok()) {
        diagnostics.error(
            "bad-transform",
            fmt::format(
                "bad regular expression '{}': {}",
                printable(rule.match.value),
                printable(expression.error())
            ),
            rule.match.where,
            "the syntax is RE2: no back references, no look-around"
        );
        return std::nullopt;
    }
    const auto pieces = parse_replacement(
        rule.replace.value, expression.NamedCapturingGroups(), expression.NumberOfCapturingGroups()
    );
    auto result = replace_all_matches(value, expression, pieces);
    if (!result) {
        diagnostics.error(
            "transform-limit", "the transform gives over 1 MiB or takes too long", rule.match.where
        );
    }
    return result;
}

std::vector<std::string> unknown_groups(const VarTransform& rule) {
    RE2::Options options;
    options.set_log_errors(false);
    std::vector<std::string> unknown;
    if (rule.match.value.size() > max_expression_size) {
        return unknown;
    }
    const RE2 expression(with_named_groups(rule.match.value), options);
    if (!expression.ok()) {
        return unknown;
    }
    for (Piece& piece : parse_replacement(
             rule.replace.value,
             expression.NamedCapturingGroups(),
             expression.NumberOfCapturingGroups()
         )) {
        if (!piece.unknown.empty()) {
            unknown.push_back(std::move(piece.unknown));
        }
    }
    return unknown;
}

}  // namespace quern::recipe
