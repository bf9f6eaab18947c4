// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Rules that need names and modes only. Source: recipe-and-build 9.2.
#include "package/lint/rule.hpp"
#include "package/path.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::string_view document_directory = "var/lib/db/sbom";

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_any_of(std::string_view text, std::span<const std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// A name without the ending that compression gives it.
std::string_view uncompressed(std::string_view name) {
    constexpr std::array<std::string_view, 5> endings = {".gz", ".bz2", ".xz", ".lzma", ".Z"};
    for (const std::string_view ending : endings) {
        if (name.ends_with(ending)) {
            name.remove_suffix(ending.size());
            return name;
        }
    }
    return name;
}

// "man1", "man3pm"; the directory itself is allowed too.
bool is_manual_directory(std::string_view directory) {
    constexpr std::array<std::string_view, 3> roots = {
        "usr/share/man", "usr/local/share/man", "usr/man"};
    if (is_any_of(directory, roots)) {
        return true;
    }
    const std::string_view name = file_name(directory);
    constexpr std::string_view prefix = "man";
    return is_any_of(parent_path(directory), roots) && name.starts_with(prefix) &&
           name.size() > prefix.size() && is_digit(name[prefix.size()]);
}

bool is_manual_page(std::string_view path) {
    const std::string_view extension = file_extension(uncompressed(path));
    return is_manual_directory(parent_path(path)) && extension.size() > 1 && is_digit(extension[1]);
}

bool is_info_page(std::string_view path) {
    const std::string_view directory = parent_path(path);
    if (directory != "usr/share/info" && directory != "usr/local/share/info") {
        return false;
    }
    const std::string_view name = uncompressed(file_name(path));
    const std::size_t mark = name.rfind(".info");
    if (mark == std::string_view::npos) {
        return name == "dir";
    }
    const std::string_view rest = name.substr(mark + std::string_view(".info").size());
    return rest.empty() || (rest[0] == '-' && rest.size() > 1 &&
                            std::all_of(rest.begin() + 1, rest.end(), is_digit));
}

// "libx.so", "libx.so.1.2": nothing but numbers behind ".so".
bool is_library_name(std::string_view name) {
    while (!name.ends_with(".so")) {
        const std::string_view extension = file_extension(name);
        if (extension.size() < 2 ||
            !std::all_of(extension.begin() + 1, extension.end(), is_digit)) {
            return false;
        }
        name.remove_suffix(extension.size());
    }
    return true;
}

/// Files of one mode bit, with the names of the bits that are wrong.
std::vector<LintPlace> with_bits(const LintContext& context, std::uint32_t bits) {
    constexpr std::array<std::pair<std::uint32_t, std::string_view>, 4> names = {
        {{04000, "setuid"}, {02000, "setgid"}, {01000, "sticky"}, {00002, "world-writable"}}};
    std::vector<LintPlace> places;
    for (const TarEntry& entry : context.subject.entries()) {
        if (!is_regular(entry) || (entry.mode & bits) == 0) {
            continue;
        }
        std::string note;
        for (const auto& [bit, name] : names) {
            if ((entry.mode & bits & bit) != 0) {
                note += (note.empty() ? "" : " ") + std::string(name);
            }
        }
        places.push_back({.path = entry.path, .note = note, .mode = entry.mode});
    }
    return places;
}

// Longer names first: "riscv64" is not to be told as "riscv".
constexpr std::array<std::string_view, 18> unsupported_architectures = {
    "x86_32",
    "x86-32",
    "ppc64le",
    "powerpc",
    "riscv64",
    "sparc64",
    "mips64",
    "mipsel",
    "ppc64",
    "s390x",
    "riscv",
    "sparc",
    "i386",
    "i686",
    "s390",
    "mips",
    "ia64",
    "m68k",
};
constexpr std::array<std::string_view, 4> supported_architectures = {
    "x86_64", "aarch64", "amd64", "arm64"};

bool mentions_supported_architecture(std::string_view path) {
    return std::any_of(
        supported_architectures.begin(),
        supported_architectures.end(),
        [&](std::string_view name) { return path.find(name) != std::string_view::npos; }
    );
}

/// Whether `word` stands in `name` between separators.
bool has_word(std::string_view name, std::string_view word) {
    constexpr std::string_view separators = "-_.";
    for (std::size_t at = name.find(word); at != std::string_view::npos;
         at = name.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool starts = at == 0 || separators.find(name[at - 1]) != std::string_view::npos;
        const bool ends =
            end == name.size() || separators.find(name[end]) != std::string_view::npos;
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

std::string_view foreign_architecture(std::string_view path) {
    const std::string directory = to_lower(parent_path(path));
    const std::string name = to_lower(file_name(path));
    for (const std::string_view architecture : unsupported_architectures) {
        const bool is_directory =
            directory.find("/" + std::string(architecture)) != std::string::npos;
        if (is_directory ||
            (has_word(name, architecture) && !mentions_supported_architecture(path))) {
            return architecture;
        }
    }
    return {};
}

std::string_view foreign_platform(std::string_view path) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> words = {{
        {"darwin", "macos"},
        {"macos", "macos"},
        {"mac_os", "macos"},
        {"mac-os", "macos"},
        {"osx", "macos"},
        {"os_x", "macos"},
        {"os-x", "macos"},
        {"windows", "windows"},
        {"win32", "windows"},
        {"win64", "windows"},
    }};
    const std::string lower = to_lower(path);
    for (const auto& [word, platform] : words) {
        if (lower.find(word) != std::string::npos) {
            return platform;
        }
    }
    return {};
}

}  // namespace

bool is_in_temporary_directory(const TarEntry& entry, const LintContext& context) {
    const std::string_view path = entry.path;
    if (is_below(path, "var/run")) {
        return true;
    }
    if (entry.type == TarType::directory) {
        return is_below(path, "run") && !context.subject.has_any_below("usr/lib/tmpfiles.d");
    }
    return is_below(path, "tmp") || is_below(path, "var/tmp") || is_below(path, "run");
}

bool is_outside_merged_usr(const TarEntry& entry, const LintContext&) {
    constexpr std::array<std::string_view, 5> merged = {"sbin", "bin", "usr/sbin", "lib", "lib64"};
    return std::any_of(merged.begin(), merged.end(), [&](std::string_view directory) {
        return entry.path == directory || is_below(entry.path, directory);
    });
}

bool is_manual_or_info(const TarEntry& entry, const LintContext&) {
    return is_lint_file(entry) && (is_manual_page(entry.path) || is_info_page(entry.path));
}

bool is_documentation(const TarEntry& entry, const LintContext&) {
    if (!is_lint_file(entry)) {
        return false;
    }
    const std::string_view name = file_name(entry.path);
    constexpr std::array<std::string_view, 5> names = {
        "READ", "README", "READ.ME", "TODO", "CREDITS"};
    constexpr std::array<std::string_view, 4> extensions = {".md", ".doc", ".docx", ".rst"};
    const std::string_view extension = file_extension(name);
    const bool is_section = extension.size() == 3 && is_digit(extension[1]) &&
                            std::islower(static_cast<unsigned char>(extension[2])) != 0;
    return is_section || is_any_of(extension, extensions) ||
           std::any_of(names.begin(), names.end(), [&](std::string_view end) {
               return name.ends_with(end);
           });
}

bool is_cuda_runtime(const TarEntry& entry, const LintContext&) {
    if (!is_lint_file(entry) || parent_path(entry.path) != "usr/lib") {
        return false;
    }
    const std::string_view name = file_name(entry.path);
    return is_library_name(name) &&
           (name.starts_with("libcuda.so") || name.starts_with("libnvidia-ml.so"));
}

bool is_untested_library(const TarEntry& entry, const LintContext& context) {
    return is_lint_file(entry) && is_library_name(file_name(entry.path)) &&
           !context.uses_test("test/ldd-check") && !context.uses_test("test/tw/ldd-check");
}

bool is_stray_document(const TarEntry& entry, const LintContext&) {
    return is_lint_file(entry) && parent_path(entry.path) == document_directory &&
           !entry.path.ends_with(".spdx.json") && !entry.path.ends_with(".cdx.json");
}

std::vector<LintPlace> special_modes(const LintContext& context, std::string&) {
    return with_bits(context, 07000);
}

std::vector<LintPlace> world_writable(const LintContext& context, std::string&) {
    return with_bits(context, 00002);
}

std::vector<LintPlace> foreign_architectures(const LintContext& context, std::string&) {
    std::vector<LintPlace> places;
    for (const TarEntry& entry : context.subject.entries()) {
        const std::string_view architecture =
            is_lint_file(entry) ? foreign_architecture(entry.path) : std::string_view();
        if (!architecture.empty()) {
            places.push_back({.path = entry.path, .note = std::string(architecture)});
        }
    }
    return places;
}

std::vector<LintPlace> foreign_platforms(const LintContext& context, std::string&) {
    std::vector<LintPlace> places;
    for (const TarEntry& entry : context.subject.entries()) {
        const std::string_view platform =
            is_lint_file(entry) ? foreign_platform(entry.path) : std::string_view();
        if (!platform.empty()) {
            places.push_back({.path = entry.path, .note = std::string(platform)});
        }
    }
    return places;
}

std::vector<LintPlace> empty_package(const LintContext& context, std::string& message) {
    const auto& entries = context.subject.entries();
    const bool has_files = std::any_of(entries.begin(), entries.end(), [](const TarEntry& entry) {
        return is_lint_file(entry) && !is_below(entry.path, document_directory);
    });
    message = has_files ? "" : "the package has no files";
    return {};
}

}  // namespace quern::package
