// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Rules about what the packages of one recipe are to each other.
#include "package/lint/rule.hpp"
#include "package/path.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <array>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

// Filled when the system runs, or by its administrator.
bool is_made_elsewhere(std::string_view path) {
    constexpr std::array<std::string_view, 7> directories = {
        "proc", "sys", "dev", "run", "tmp", "var", "etc"};
    return std::any_of(directories.begin(), directories.end(), [&](std::string_view directory) {
        return path == directory || is_below(path, directory);
    });
}

// Where a link at `path` points to, without a slash in front; empty if that is over the root.
std::string target_of(const TarEntry& link) {
    std::vector<std::string> parts;
    const auto take = [&](std::string_view text) {
        for (const std::string_view part : split(text, '/')) {
            if (part == ".." && !parts.empty()) {
                parts.pop_back();
            } else if (!part.empty() && part != "." && part != "..") {
                parts.emplace_back(part);
            }
        }
    };
    if (!link.link_target.starts_with('/')) {
        take(parent_path(link.path));
    }
    take(link.link_target);
    return join(parts, "/");
}

// As the kernel. Source: linux include/linux/namei.h, MAXSYMLINKS.
constexpr int most_links = 40;
constexpr std::size_t most_parts = 4096;  ///< PATH_MAX: nobody follows more

// The parts of `path` on top of those that are left, the first one last.
void push_parts(std::string_view path, std::vector<std::string>& left) {
    const std::vector<std::string_view> parts = split(path, '/');
    left.insert(left.end(), parts.rbegin(), parts.rend());
}

// With all packages of the recipe in one root, as far as they tell.
bool is_endless(const std::vector<const Subject*>& recipe, const TarEntry& link) {
    std::vector<std::string> left;
    push_parts(link.path, left);
    std::string reached;
    int links = 0;
    while (!left.empty()) {
        const std::string part = std::move(left.back());
        left.pop_back();
        if (part.empty() || part == ".") {
            continue;
        }
        if (part == "..") {
            reached = std::string(parent_path(reached));
            continue;
        }
        std::string next = reached.empty() ? part : reached + "/" + part;
        const TarEntry* entry = nullptr;
        for (const Subject* subject : recipe) {
            const auto found = subject->find(next);
            entry = entry == nullptr && found ? &subject->entries()[*found] : entry;
        }
        if (entry == nullptr || entry->type != TarType::symlink) {
            reached = std::move(next);
            continue;
        }
        if (++links > most_links || left.size() > most_parts) {
            return true;
        }
        reached = entry->link_target.starts_with('/') ? std::string() : reached;
        push_parts(entry->link_target, left);
    }
    return false;
}

}  // namespace

std::vector<LintPlace> link_loops(const LintContext& context, std::string&) {
    // What the linted package has stands before what its siblings have under the same name.
    std::vector<const Subject*> recipe = {&context.subject};
    for (const Subject& subject : context.recipe) {
        if (&subject != &context.subject) {
            recipe.push_back(&subject);
        }
    }
    std::vector<LintPlace> places;
    for (const TarEntry& entry : context.subject.entries()) {
        if (entry.type == TarType::symlink && is_endless(recipe, entry)) {
            places.push_back({.path = entry.path, .note = entry.link_target});
        }
    }
    return places;
}

std::vector<LintPlace> dangling_links(const LintContext& context, std::string&) {
    std::vector<LintPlace> places;
    for (const TarEntry& entry : context.subject.entries()) {
        if (entry.type != TarType::symlink) {
            continue;
        }
        const std::string target = target_of(entry);
        const bool is_there =
            std::any_of(context.recipe.begin(), context.recipe.end(), [&](const Subject& subject) {
                return subject.find(target).has_value() || subject.resolve(target).has_value();
            });
        if (!is_there && !is_made_elsewhere(target)) {
            places.push_back({.path = entry.path, .note = entry.link_target});
        }
    }
    return places;
}

std::vector<LintPlace> conflicts(const LintContext& context, std::string&) {
    std::vector<LintPlace> places;
    const auto& replaces = context.options.replaces;
    for (const Subject& other : context.recipe) {
        const bool is_replaced =
            std::find(replaces.begin(), replaces.end(), other.name()) != replaces.end();
        if (&other == &context.subject || is_replaced) {
            continue;
        }
        for (const TarEntry& entry : context.subject.entries()) {
            const auto theirs = other.find(entry.path);
            const bool are_directories = entry.type == TarType::directory && theirs &&
                                         other.entries()[*theirs].type == TarType::directory;
            if (theirs && !are_directories) {
                places.push_back({.path = entry.path, .note = other.name()});
            }
        }
    }
    return places;
}

}  // namespace quern::package
