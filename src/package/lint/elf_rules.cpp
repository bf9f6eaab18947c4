// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Rules about programs and libraries.
#include "package/lint/rule.hpp"
#include "package/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::package {
namespace {

using archive::TarEntry;

constexpr std::uint16_t executable_type = 2;
constexpr std::uint16_t shared_type = 3;

/// Calls `judge(elf)` for each ELF file of its own inode; what it gives is the note of a place.
template <typename Judge>
std::vector<LintPlace> judge_elf_files(const LintContext& context, const Judge& judge) {
    std::vector<LintPlace> places;
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const TarEntry& entry = subject.entries()[i];
        const FileFacts* facts = entry.type == archive::TarType::file ? subject.facts(i) : nullptr;
        if (facts == nullptr || !facts->elf) {
            continue;
        }
        std::string note = judge(entry, *facts->elf);
        if (!note.empty()) {
            places.push_back({.path = entry.path, .note = std::move(note)});
        }
    }
    return places;
}

// Programs, and what is named like a library or an archive of them. Source: recipe-and-build 9.2,
// strip.
bool is_program_or_library(const TarEntry& entry) {
    constexpr std::uint32_t executable_by_anyone = 0111;
    const std::string_view name = file_name(entry.path);
    constexpr std::array<std::string_view, 3> extensions = {".a", ".so", ".dylib"};
    return (entry.mode & executable_by_anyone) != 0 ||
           std::any_of(extensions.begin(), extensions.end(), [&](std::string_view extension) {
               const std::size_t at = name.find(extension);
               const std::size_t end = at + extension.size();
               return at != std::string_view::npos && (end == name.size() || name[end] == '.');
           });
}

std::string machine_name(std::uint16_t machine) {
    constexpr std::array<std::pair<std::uint16_t, std::string_view>, 10> names = {{
        {2, "sparc"},
        {3, "x86"},
        {8, "mips"},
        {20, "ppc"},
        {21, "ppc64"},
        {22, "s390x"},
        {40, "arm"},
        {43, "sparc64"},
        {243, "riscv"},
        {258, "loongarch"},
    }};
    const auto* const known = std::find_if(names.begin(), names.end(), [&](const auto& pair) {
        return pair.first == machine;
    });
    return known == names.end() ? fmt::format("machine {}", machine) : std::string(known->second);
}

// Text that sits in the loader's own directories is searched anyway.
bool is_system_directory(std::string_view path) {
    constexpr std::array<std::string_view, 4> directories = {
        "/usr/lib", "/lib", "/usr/lib64", "/lib64"};
    return std::find(directories.begin(), directories.end(), path) != directories.end();
}

bool is_in_recipe(const LintContext& context, std::string_view absolute) {
    return std::any_of(context.recipe.begin(), context.recipe.end(), [&](const Subject& subject) {
        return subject.find(absolute.substr(1)).has_value();
    });
}

// How many levels `path` climbs over where it began, at worst.
bool climbs_out(std::string_view directory, std::string_view rest) {
    int depth = 0;
    for (const auto& text : {directory, rest}) {
        std::size_t start = 0;
        while (start <= text.size()) {
            const std::size_t end = std::min(text.find('/', start), text.size());
            const std::string_view part = text.substr(start, end - start);
            depth += part == ".." ? -1 : (part.empty() || part == "." ? 0 : 1);
            if (depth < 0) {
                return true;
            }
            start = end + 1;
        }
    }
    return false;
}

std::string judge_search_path(
    const LintContext& context, const TarEntry& entry, const std::string& path
) {
    for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"}) {
        if (path.starts_with(origin)) {
            return climbs_out(parent_path(entry.path), std::string_view(path).substr(origin.size()))
                       ? path
                       : "";
        }
    }
    if (path.empty()) {
        return "the current directory";
    }
    std::string plain = path;
    while (plain.size() > 1 && plain.ends_with('/')) {
        plain.pop_back();
    }
    const bool is_good =
        plain.starts_with('/') && (is_system_directory(plain) || is_in_recipe(context, plain));
    return is_good ? "" : path;
}

}  // namespace

std::vector<LintPlace> unsupported_machines(const LintContext& context, std::string&) {
    constexpr std::uint16_t x86_64 = 62;
    constexpr std::uint16_t aarch64 = 183;
    return judge_elf_files(context, [](const TarEntry& entry, const ElfFile& elf) {
        const bool is_supported = elf.machine == x86_64 || elf.machine == aarch64;
        return is_supported || !is_program_or_library(entry) ? std::string()
                                                             : machine_name(elf.machine);
    });
}

std::vector<LintPlace> unstripped(const LintContext& context, std::string&) {
    return judge_elf_files(context, [](const TarEntry& entry, const ElfFile& elf) -> std::string {
        const bool is_wanted = is_below(entry.path, "usr/lib/debug");
        return elf.has_debug_sections && !is_wanted && is_program_or_library(entry)
                   ? "debug sections"
                   : "";
    });
}

std::vector<LintPlace> stray_search_paths(const LintContext& context, std::string&) {
    return judge_elf_files(context, [&](const TarEntry& entry, const ElfFile& elf) -> std::string {
        for (const std::string& path : elf.search_paths) {
            std::string note = judge_search_path(context, entry, path);
            if (!note.empty()) {
                return note;
            }
        }
        return "";
    });
}

std::vector<LintPlace> unhardened(const LintContext& context, std::string&) {
    return judge_elf_files(context, [](const TarEntry& entry, const ElfFile& elf) -> std::string {
        // Go's compiler makes other code, and what is not loaded dynamically has nothing to
        // relocate.
        const bool is_checked = (elf.type == executable_type || elf.type == shared_type) &&
                                elf.has_dynamic && !elf.go_build_info;
        if (!is_checked) {
            return "";
        }
        // Small programs may have no array on the stack, which is what the protector protects.
        constexpr std::uint64_t surely_has_arrays = 64 << 10;
        const bool lacks_protector = !elf.has_stack_protector && entry.size >= surely_has_arrays;
        std::string note;
        note += elf.type == executable_type ? ", no PIE" : "";
        note += elf.has_relro ? "" : ", no RELRO";
        note += elf.has_executable_stack ? ", executable stack" : "";
        note += lacks_protector ? ", no stack protector" : "";
        return note.empty() ? "" : note.substr(2);
    });
}

}  // namespace quern::package
