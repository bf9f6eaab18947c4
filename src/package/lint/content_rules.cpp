// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Rules about what stands in files.
#include "package/lint/rule.hpp"
#include "package/path.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace quern::package {
namespace {

using archive::TarEntry;

template <typename Judge>
std::vector<LintPlace> judge_facts(const LintContext& context, const Judge& judge) {
    std::vector<LintPlace> places;
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const TarEntry& entry = subject.entries()[i];
        const FileFacts* facts = entry.type == archive::TarType::file ? subject.facts(i) : nullptr;
        if (facts != nullptr && judge(*facts)) {
            places.push_back({.path = entry.path, .note = {}});
        }
    }
    return places;
}

// Every package needs its own copy of a licence.
bool is_licence_name(std::string_view path) {
    const std::string name = to_lower(file_name(path));
    for (const std::string_view word :
         {"license", "licence", "copying", "copyright", "notice", "unlicense", "patents", "ofl"}) {
        if (name.find(word) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::vector<LintPlace> duplicates(const LintContext& context, std::string& message) {
    constexpr std::uint64_t smallest = 1024;
    using Key = std::tuple<std::string_view, std::uint64_t, std::string>;  // name, size, checksum
    std::map<Key, std::vector<std::string_view>> copies;
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const TarEntry& entry = subject.entries()[i];
        const std::string& checksum = subject.checksum(i);
        if (entry.type == archive::TarType::file && entry.size >= smallest && !checksum.empty() &&
            !is_licence_name(entry.path)) {
            copies[{file_name(entry.path), entry.size, checksum}].push_back(entry.path);
        }
    }
    std::erase_if(copies, [](const auto& copy) { return copy.second.size() < 2; });
    using Set = std::pair<Key, std::vector<std::string_view>>;
    std::vector<Set> sets(copies.begin(), copies.end());
    const auto wasted = [](const Set& set) {
        return std::get<1>(set.first) * (set.second.size() - 1);
    };
    std::stable_sort(sets.begin(), sets.end(), [&](const Set& a, const Set& b) {
        return wasted(a) > wasted(b);
    });
    std::vector<LintPlace> places;
    std::uint64_t total = 0;
    for (std::size_t group = 0; group < sets.size(); ++group) {
        total += wasted(sets[group]);
        for (const std::string_view path : sets[group].second) {
            places.push_back(
                {.path = std::string(path),
                 .note = {},
                 .mode = 0,
                 .size = std::get<1>(sets[group].first),
                 .group = group}
            );
        }
    }
    if (!sets.empty()) {
        message = std::to_string(sets.size()) + (sets.size() == 1 ? " file" : " files") +
                  " stored more than once, which wastes " + human_size(total);
    }
    return places;
}

std::vector<LintPlace> build_paths(const LintContext& context, std::string&) {
    return judge_facts(context, [](const FileFacts& facts) { return facts.names_build_path; });
}

std::vector<LintPlace> private_keys(const LintContext& context, std::string&) {
    return judge_facts(context, [](const FileFacts& facts) { return facts.has_private_key; });
}

std::vector<LintPlace> late_times(const LintContext& context, std::string&) {
    std::vector<LintPlace> places = judge_facts(context, [&](const FileFacts& facts) {
        return facts.embedded_time && *facts.embedded_time > context.options.source_date;
    });
    for (LintPlace& place : places) {
        place.note =
            Timestamp(*context.subject.facts(*context.subject.find(place.path))->embedded_time)
                .to_rfc3339();
    }
    return places;
}

}  // namespace quern::package
