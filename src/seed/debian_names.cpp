// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/debian_names.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::seed {

namespace {

constexpr std::size_t max_relations = 10'000;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '.' || c == '-' || c == '_';
}

Error bad_relation(std::string_view text) {
    return {
        ErrorCode::invalid_data,
        fmt::format("'{}' is no relation to a package", printable(text.substr(0, 80)))};
}

/// "(>= 1.2)" put into `relation`; `text` is what stands between the parentheses.
bool take_version(std::string_view text, Relation& relation) {
    text = trim(text);
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
        return c == '<' || c == '>' || c == '=';
    });
    relation.comparison = std::string(text.begin(), end);
    text.remove_prefix(relation.comparison.size());
    relation.version = std::string(trim(text));
    return !relation.comparison.empty() && !relation.version.empty();
}

Result<Relation> parse_relation(std::string_view whole) {
    std::string_view text = trim(whole);
    Relation relation;
    const auto end = std::find_if_not(text.begin(), text.end(), is_name_character);
    relation.name = std::string(text.begin(), end);
    if (relation.name.empty()) {
        return bad_relation(whole);
    }
    text.remove_prefix(relation.name.size());
    if (text.starts_with(':')) {  // :any, :native, :amd64
        text.remove_prefix(std::min(text.find_first_of(" ("), text.size()));
    }
    text = trim(text);
    if (text.starts_with('(')) {
        const std::size_t close = text.find(')');
        if (close == std::string_view::npos || !take_version(text.substr(1, close - 1), relation)) {
            return bad_relation(whole);
        }
        text = trim(text.substr(close + 1));
    }
    // Architecture and profile lists are resolved when a binary package is made; a source-like one
    // is no harm.
    if (!text.empty() && text.front() != '[' && text.front() != '<') {
        return bad_relation(whole);
    }
    return relation;
}

struct ArchitectureRow {
    std::string_view apk, debian, multiarch, triplet;
};
constexpr std::array<ArchitectureRow, 8> architectures = {{
    {"x86_64", "amd64", "x86_64-linux-gnu", "x86_64-pc-linux-gnu"},
    {"aarch64", "arm64", "aarch64-linux-gnu", "aarch64-unknown-linux-gnu"},
    {"x86", "i386", "i386-linux-gnu", "i486-pc-linux-gnu"},
    {"armhf", "armel", "arm-linux-gnueabi", "arm-unknown-linux-gnueabihf"},
    {"armv7", "armhf", "arm-linux-gnueabihf", "armv7l-unknown-linux-gnueabihf"},
    {"ppc64le", "ppc64el", "powerpc64le-linux-gnu", "powerpc64le-unknown-linux-gnu"},
    {"s390x", "s390x", "s390x-linux-gnu", "s390x-ibm-linux-gnu"},
    {"riscv64", "riscv64", "riscv64-linux-gnu", "riscv64-unknown-linux-gnu"},
}};

}  // namespace

Result<std::vector<Alternatives>> parse_relations(std::string_view text) {
    std::vector<Alternatives> result;
    for (const std::string_view group : split(text, ',')) {
        if (trim(group).empty()) {
            continue;
        }
        if (result.size() == max_relations) {
            return Error(ErrorCode::invalid_data, "too many relations");
        }
        Alternatives alternatives;
        for (const std::string_view part : split(group, '|')) {
            QUERN_TRY(Relation relation, parse_relation(part));
            alternatives.push_back(std::move(relation));
        }
        result.push_back(std::move(alternatives));
    }
    return result;
}

ArchitectureNames architecture_names(std::string_view apk_name) {
    for (const ArchitectureRow& row : architectures) {
        if (row.apk == apk_name) {
            return {std::string(row.debian), std::string(row.multiarch), std::string(row.triplet)};
        }
    }
    return {};
}

std::string to_apk_name_of_debian(std::string_view debian_architecture) {
    if (debian_architecture == "all") {
        return "noarch";
    }
    for (const ArchitectureRow& row : architectures) {
        if (row.debian == debian_architecture) {
            return std::string(row.apk);
        }
    }
    return std::string(debian_architecture);
}

}  // namespace quern::seed
