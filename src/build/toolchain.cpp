// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/toolchain.hpp"

#include "quern/dependency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace quern::build {
namespace {

std::string_view without_version(std::string_view program) {
    const std::size_t end = program.find_last_not_of("0123456789.");
    return end != std::string_view::npos && end + 1 < program.size() && program[end] == '-'
               ? program.substr(0, end)
               : program;
}

bool is_tool(std::string_view program) {
    return is_compiler(program) || program == "as" || program == "ld" || program == "rustc";
}

std::string name_of(const std::string& relation) {
    const auto parsed = apk::Dependency::parse(relation);
    return parsed && !parsed->is_conflict ? parsed->name : std::string();
}

}  // namespace

bool is_compiler(std::string_view program) {
    constexpr std::array<std::string_view, 6> names = {
        "clang++", "clang", "g++", "gcc", "c++", "cc"};
    const std::string_view whole = without_version(program);
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        if (whole == name || !whole.ends_with(name)) {
            return whole == name;
        }
        // "aarch64-linux-gnu-gcc", but not the script "c89-gcc".
        const std::string_view target = whole.substr(0, whole.size() - name.size());
        return target.ends_with('-') && std::count(target.begin(), target.end(), '-') > 1;
    });
}

std::string toolchain_of(const std::vector<repository::Selected>& packages) {
    constexpr std::string_view command = "cmd:";
    std::map<std::string, std::vector<const apk::IndexEntry*>> providers;
    std::vector<const apk::IndexEntry*> pending;
    for (const repository::Selected& selected : packages) {
        providers[selected.entry->name].push_back(selected.entry.get());
        for (const std::string& provided : selected.entry->provides) {
            const std::string name = name_of(provided);
            providers[name].push_back(selected.entry.get());
            if (name.starts_with(command) && is_tool(name.substr(command.size()))) {
                pending.push_back(selected.entry.get());
            }
        }
    }
    if (pending.empty()) {
        for (const repository::Selected& selected : packages) {
            pending.push_back(selected.entry.get());
        }
    }
    std::set<std::string> lines;
    while (!pending.empty()) {
        const apk::IndexEntry& entry = *pending.back();
        pending.pop_back();
        if (!lines.insert(fmt::format("{}-{} {}", entry.name, entry.version, entry.checksum))
                 .second) {
            continue;
        }
        for (const std::string& relation : entry.depends) {
            if (const auto found = providers.find(name_of(relation)); found != providers.end()) {
                pending.insert(pending.end(), found->second.begin(), found->second.end());
            }
        }
    }
    return fmt::format("{}\n", fmt::join(lines, "\n"));
}

Result<std::vector<std::string>> compilers_of(const FileTree& root) {
    std::vector<std::string> found;
    auto programs = root.subtree("usr/bin");
    if (!programs) {
        return programs.error().code() == ErrorCode::not_found
                   ? Result<std::vector<std::string>>(found)
                   : std::move(programs).error();
    }
    QUERN_CHECK(programs->walk("", [&](const TreeEntry& entry) -> Result<void> {
        const bool is_direct = entry.path.find('/') == std::string::npos;
        if (is_direct && !S_ISDIR(entry.status.st_mode) && is_compiler(entry.path)) {
            found.push_back(entry.path);
        }
        return {};
    }));
    return found;
}

}  // namespace quern::build
