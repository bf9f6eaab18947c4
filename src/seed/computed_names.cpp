// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/computed_names.hpp"

#include "package/elf.hpp"
#include "quern/dependency.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::seed {

namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::uint16_t elf_shared_object = 3;

struct PathParts {
    std::string_view directory;
    std::string_view name;
};

PathParts split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos
               ? PathParts{{}, path}
               : PathParts{path.substr(0, slash), path.substr(slash + 1)};
}

bool is_library_directory(std::string_view directory, std::string_view multiarch) {
    constexpr std::string_view prefix = "usr/lib/";
    return directory == "usr/lib" || directory == "usr/lib64" ||
           (!multiarch.empty() && directory.starts_with(prefix) &&
            directory.substr(prefix.size()) == multiarch);
}

bool is_pkg_config_directory(std::string_view directory, std::string_view multiarch) {
    constexpr std::string_view last = "/pkgconfig";
    if (!directory.ends_with(last)) {
        return false;
    }
    directory.remove_suffix(last.size());
    return directory == "usr/share" || is_library_directory(directory, multiarch);
}

bool is_command(const TarEntry& entry, std::string_view directory) {
    constexpr std::uint32_t readable_and_executable_by_all = 0555;
    return (directory == "usr/bin" || directory == "usr/sbin") &&
           (entry.mode & readable_and_executable_by_all) == readable_and_executable_by_all;
}

}  // namespace

Result<std::set<std::string>> computed_names(
    PackageTree& tree, std::string_view version, std::string_view multiarch
) {
    std::set<std::string> names;
    const auto add = [&](std::string_view kind, std::string_view name, std::string_view value) {
        const std::string whole = fmt::format("{}:{}", kind, name);
        if (apk::is_dependency_name(whole)) {
            names.insert(fmt::format("{}={}", whole, value));
        }
    };
    QUERN_CHECK(tree.for_each([&](const TarEntry& entry, std::string_view content) -> Result<void> {
        if (entry.type != TarType::file) {
            return {};
        }
        const auto [directory, name] = split_path(entry.path);
        if (is_command(entry, directory)) {
            add("cmd", name, version);
        } else if (is_pkg_config_directory(directory, multiarch) && name.ends_with(".pc")) {
            add("pc", name.substr(0, name.size() - 3), version);
        } else if (is_library_directory(directory, multiarch) && name.find(".so") != std::string_view::npos) {
            const auto elf = package::read_elf(content);
            if (elf && elf->type == elf_shared_object && !elf->soname.empty()) {
                add("so", elf->soname, package::soname_version(elf->soname));
            }
        }
        return {};
    }));
    return names;
}

}  // namespace quern::seed
