// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/repository/index_text.hpp"

#include "support/text.hpp"

#include <catch2/catch.hpp>

#include <utility>

namespace quern::test {

namespace {

apk::IndexEntry entry_of(std::string_view text) {
    apk::IndexEntry entry;
    std::vector<std::string>* list = nullptr;
    for (std::string_view word : split_words(text)) {
        if (entry.name.empty()) {
            entry.name = word;
        } else if (entry.version.empty()) {
            entry.version = word;
        } else {
            const char field = word.size() > 1 && word[1] == ':' ? word[0] : ' ';
            const std::string_view value = field == ' ' ? word : word.substr(2);
            if (field == 'k') {
                entry.provider_priority = *parse_unsigned(value);
                continue;
            }
            if (field == 'o') {
                entry.origin = value;
                continue;
            }
            list = field == 'D'   ? &entry.depends
                   : field == 'p' ? &entry.provides
                   : field == 'i' ? &entry.install_if
                                  : list;
            list->emplace_back(value);
        }
    }
    return entry;
}

}  // namespace

std::vector<repository::RepositoryIndex> indexes_of(const std::string& text) {
    std::vector<repository::RepositoryIndex> indexes;
    for (std::string_view part : split(text, '|')) {
        repository::RepositoryIndex index;
        part = trim(part);
        index.location.base = "/repo" + std::to_string(indexes.size());
        if (part.starts_with('@')) {
            const std::size_t end = std::min(part.find(' '), part.size());
            index.location.tag = part.substr(1, end - 1);
            part.remove_prefix(end);
        }
        apk::Index content;
        for (const std::string_view package : split(part, ';')) {
            if (!trim(package).empty()) {
                content.entries.push_back(entry_of(package));
            }
        }
        index.architecture = "x86_64";
        auto packages = apk::IndexTable::of(content);
        REQUIRE(packages);
        index.packages = std::move(*packages);
        indexes.push_back(std::move(index));
    }
    return indexes;
}

std::vector<apk::Dependency> world_of(const std::string& text) {
    auto world = apk::Dependency::parse_list(text);
    REQUIRE(world);
    return *world;
}

std::string resolved(const std::string& text, const std::string& world) {
    const auto indexes = indexes_of(text);
    const auto resolution = repository::resolve(world_of(world), indexes);
    if (!resolution) {
        return "error: " + resolution.error().message();
    }
    std::string names;
    for (const repository::Selected& selected : resolution->packages) {
        names += (names.empty() ? "" : " ") + selected.entry->name + "-" + selected.entry->version;
    }
    return names;
}

}  // namespace quern::test
