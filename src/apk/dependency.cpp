// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/dependency.hpp"

#include "quern/version.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace quern::apk {

namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_token = 4096;
constexpr std::string_view operator_bytes = "<>=~";

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_tag(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '+';
    });
}

/// What may stand behind an operator: any visible byte, so that an odd version is kept and shown,
/// but never another operator.
/// `~` is part of a version ("1.0~1234abcd"), '=' the padding of an identity.
bool is_version_text(std::string_view text, bool is_identity) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != '@' &&
               (c != '=' || is_identity);
    });
}

/// The bits of an operator's text; nothing if it says no relation. apk takes the signs in any
/// order.
std::optional<unsigned> operator_bits(std::string_view text) {
    unsigned bits = 0;
    for (const char c : text) {
        const unsigned bit = c == '='   ? Dependency::equal
                             : c == '<' ? Dependency::less
                             : c == '>' ? Dependency::greater
                                        : Dependency::fuzzy;
        if ((bits & bit) != 0) {
            return std::nullopt;
        }
        bits |= bit;
    }
    constexpr unsigned unequal = Dependency::less | Dependency::greater;
    if ((bits & unequal) == unequal) {
        return std::nullopt;
    }
    return (bits & Dependency::fuzzy) != 0 ? bits | Dependency::equal : bits;
}

std::string_view operator_text(unsigned bits) {
    struct Spelling {
        unsigned bits;
        std::string_view text;
    };
    using D = Dependency;
    static constexpr std::array<Spelling, 8> spellings = {{
        {D::equal, "="},
        {D::less, "<"},
        {D::greater, ">"},
        {D::less | D::equal, "<="},
        {D::greater | D::equal, ">="},
        {D::fuzzy | D::equal, "~"},
        {D::fuzzy | D::equal | D::less, "<~"},
        {D::fuzzy | D::equal | D::greater, ">~"},
    }};
    const auto wanted = (bits & D::fuzzy) != 0 ? bits | D::equal : bits;
    const auto* found = std::find_if(spellings.begin(), spellings.end(), [&](const Spelling& each) {
        return each.bits == wanted;
    });
    return found == spellings.end() ? std::string_view() : found->text;
}

/// Splits "name@tag" and, as apko writes it, "version@tag".
bool take_tag(std::string_view& text, Dependency& dependency) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) {
        return true;
    }
    const std::string_view tag = text.substr(at + 1);
    if (!dependency.tag.empty() || !is_tag(tag)) {
        return false;
    }
    dependency.tag = tag;
    text = text.substr(0, at);
    return true;
}

/// `text` is an operator and what follows it.
bool take_constraint(std::string_view text, Dependency& dependency) {
    const std::size_t length = std::min(text.find_first_not_of(operator_bytes), text.size());
    const std::string_view sign = text.substr(0, length);
    std::string_view version = text.substr(length);
    dependency.is_identity = sign == "><";
    if (!take_tag(version, dependency) || !is_version_text(version, dependency.is_identity)) {
        return false;
    }
    if (!dependency.is_identity) {
        const auto bits = operator_bits(sign);
        if (!bits) {
            return false;
        }
        dependency.match = *bits;
    }
    dependency.version = version;
    return true;
}

}  // namespace

std::optional<Dependency> Dependency::parse(std::string_view text) {
    if (text.size() > longest_token) {
        return std::nullopt;
    }
    Dependency dependency;
    if (text.starts_with('!')) {
        dependency.is_conflict = true;
        text.remove_prefix(1);
    }
    const std::size_t end_of_name = std::min(text.find_first_of(operator_bytes), text.size());
    std::string_view name = text.substr(0, end_of_name);
    if (!take_tag(name, dependency) || !is_dependency_name(name)) {
        return std::nullopt;
    }
    dependency.name = name;
    if (end_of_name != text.size() && !take_constraint(text.substr(end_of_name), dependency)) {
        return std::nullopt;
    }
    return dependency;
}

std::optional<std::vector<Dependency>> Dependency::parse_list(
    std::string_view text, std::string* wrong
) {
    std::vector<Dependency> list;
    for (const std::string_view word : split_words(text)) {
        auto dependency = parse(word);
        if (!dependency) {
            if (wrong != nullptr) {
                *wrong = word;
            }
            return std::nullopt;
        }
        list.push_back(std::move(*dependency));
    }
    return list;
}

std::string Dependency::to_string() const {
    std::string text = is_conflict ? "!" + name : name;
    if (!tag.empty()) {
        text += "@" + tag;
    }
    if (has_version()) {
        text += is_identity ? std::string_view("><") : operator_text(match);
        text += version;
    }
    return text;
}

bool Dependency::is_satisfied_by(std::string_view available) const {
    if (!has_version()) {
        return true;
    }
    if (is_identity) {
        return available == version;
    }
    if (!is_valid_version(version)) {
        return false;
    }
    const auto order = (match & fuzzy) != 0 ? compare_versions_fuzzily(available, version)
                                            : compare_versions(available, version);
    const unsigned relation = order < 0 ? less : order > 0 ? greater : equal;
    return (match & relation) != 0;
}

bool is_package_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name && is_alphanumeric(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_alphanumeric(c) || c == '.' || c == '_' || c == '+' || c == '-';
           });
}

bool is_dependency_name(std::string_view text) {
    constexpr std::string_view signs = "._+-:/,[]";
    return !text.empty() && text.size() <= longest_name &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_alphanumeric(c) || signs.find(c) != std::string_view::npos;
           });
}

}  // namespace quern::apk
