// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/package_graph.hpp"

#include "quern/dependency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace quern::image {
namespace {

/// Who stands for a name, and with which version.
using Providers = std::multimap<std::string, std::pair<std::size_t, std::string>, std::less<>>;

Providers providers_of(std::span<const repository::Selected> packages) {
    Providers providers;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        const apk::IndexEntry& entry = *packages[i].entry;
        providers.emplace(entry.name, std::pair(i, entry.version));
        for (const std::string& text : entry.provides) {
            if (const auto provide = apk::Dependency::parse(text)) {
                providers.emplace(provide->name, std::pair(i, provide->version));
            }
        }
    }
    return providers;
}

std::optional<std::size_t> provider(const Providers& providers, const std::string& text) {
    const auto wanted = apk::Dependency::parse(text);
    if (!wanted || wanted->is_conflict) {
        return std::nullopt;
    }
    const auto [first, last] = providers.equal_range(wanted->name);
    for (auto each = first; each != last; ++each) {
        const auto& [place, version] = each->second;
        if (!wanted->has_version() || version.empty() || wanted->is_satisfied_by(version)) {
            return place;
        }
    }
    return first == last ? std::nullopt : std::optional(first->second.first);
}

std::string label(const repository::Selected& selected) {
    return fmt::format("{}-{}", selected.entry->name, selected.entry->version);
}

std::string dot_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    return out + "\"";
}

}  // namespace

std::vector<std::vector<std::size_t>> needed_by(std::span<const repository::Selected> packages) {
    const Providers providers = providers_of(packages);
    std::vector<std::vector<std::size_t>> needs(packages.size());
    for (std::size_t i = 0; i < packages.size(); ++i) {
        for (const std::string& text : packages[i].entry->depends) {
            const auto place = provider(providers, text);
            if (place && *place != i &&
                std::find(needs[i].begin(), needs[i].end(), *place) == needs[i].end()) {
                needs[i].push_back(*place);
            }
        }
    }
    return needs;
}

std::vector<std::pair<std::string, std::size_t>> asked_for(
    const std::vector<std::string>& world, std::span<const repository::Selected> packages
) {
    const Providers providers = providers_of(packages);
    std::vector<std::pair<std::string, std::size_t>> asked;
    for (const std::string& word : world) {
        if (const auto place = provider(providers, word)) {
            asked.emplace_back(word, *place);
        }
    }
    return asked;
}

std::string to_dot(
    const std::vector<std::string>& world,
    std::span<const repository::Selected> packages,
    bool spanning_tree
) {
    std::set<std::size_t> reached;
    std::string text = "digraph image {\n    rankdir=LR;\n    \"image\" [shape=box];\n";
    const auto add_edge = [&](const std::string& from, std::size_t to) {
        if (reached.insert(to).second || !spanning_tree) {
            text +=
                fmt::format("    {} -> {};\n", dot_quoted(from), dot_quoted(label(packages[to])));
        }
    };
    for (const auto& [word, place] : asked_for(world, packages)) {
        add_edge("image", place);
    }
    const auto needs = needed_by(packages);
    for (std::size_t i = packages.size(); i-- > 0;) {  // those that need come before the needed
        for (const std::size_t place : needs[i]) {
            add_edge(label(packages[i]), place);
        }
    }
    return text + "}\n";
}

}  // namespace quern::image
