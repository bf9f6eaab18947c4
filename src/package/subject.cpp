// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/subject.hpp"

#include "package/path.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

// As the kernel has it. Source: path_resolution(7).
constexpr int most_links = 40;

/// Puts the parts of `path` in front of `parts`.
void prepend_parts(std::string_view path, std::deque<std::string>& parts) {
    const std::vector<std::string_view> words = split(path, '/');
    parts.insert(parts.begin(), words.begin(), words.end());
}

}  // namespace

std::size_t FileFacts::size() const {
    std::size_t bytes = sizeof(FileFacts) + library_directories.size();
    if (elf) {
        for (const std::string& name : elf->needed) {
            bytes += sizeof(name) + name.size();
        }
        for (const std::string& path : elf->search_paths) {
            bytes += sizeof(path) + path.size();
        }
        bytes += elf->go_build_info ? elf->go_build_info->size() : 0;
    }
    if (pkg_config) {
        for (const std::string& module : pkg_config->required) {
            bytes += sizeof(module) + module.size();
        }
    }
    for (const std::string& directory : library_directories) {
        bytes += sizeof(directory) + directory.size();
    }
    return bytes;
}

bool is_regular(const TarEntry& entry) {
    return entry.type == TarType::file || entry.type == TarType::hard_link;
}

Subject::Subject(std::string name, Tree tree)
    : name_(std::move(name)),
      tree_(std::move(tree)),
      facts_(tree_.entries.size()),
      checksums_(tree_.entries.size()) {
    by_path_.reserve(tree_.entries.size());
    for (std::size_t i = 0; i < tree_.entries.size(); ++i) {
        by_path_.emplace(tree_.entries[i].path, i);
    }
}

std::optional<std::size_t> Subject::find(std::string_view path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Subject::resolve(std::string_view path) const {
    std::deque<std::string> parts;
    prepend_parts(path, parts);
    std::string reached;
    std::optional<std::size_t> index;
    int links = 0;
    while (!parts.empty()) {
        const std::string part = std::move(parts.front());
        parts.pop_front();
        if (part.empty() || part == ".") {
            continue;
        }
        if (part == "..") {
            if (reached.empty()) {
                return std::nullopt;
            }
            reached = std::string(parent_path(reached));
            index = find(reached);
            continue;
        }
        std::string next = reached.empty() ? part : reached + "/" + part;
        index = find(next);
        if (!index) {
            return std::nullopt;
        }
        const TarEntry& entry = entries()[*index];
        if (entry.type != TarType::symlink) {
            reached = std::move(next);
            continue;
        }
        if (entry.link_target.starts_with('/') || ++links > most_links) {
            return std::nullopt;
        }
        prepend_parts(entry.link_target, parts);
        index = find(reached);
    }
    return index;
}

bool Subject::has_any_below(std::string_view directory) const {
    return std::any_of(entries().begin(), entries().end(), [&](const TarEntry& entry) {
        return is_below(entry.path, directory);
    });
}

const FileFacts* Subject::facts(std::size_t index) const {
    const TarEntry& entry = entries()[index];
    if (entry.type == TarType::hard_link) {
        const auto first = find(entry.link_target);
        return first ? facts_[*first].get() : nullptr;
    }
    return facts_[index].get();
}

void Subject::set_facts(std::size_t index, std::unique_ptr<FileFacts> facts) {
    facts_[index] = std::move(facts);
}

}  // namespace quern::package
