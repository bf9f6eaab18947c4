// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Rules about site-packages. Source: recipe-and-build 9.2.
#include "package/lint/rule.hpp"
#include "package/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace quern::package {
namespace {

/// "usr/lib/python3.12/site-packages" of every Python 3 that the package has a directory of.
std::set<std::string> module_directories(const LintContext& context) {
    std::set<std::string> directories;
    for (const archive::TarEntry& entry : context.subject.entries()) {
        if (parent_path(entry.path) == "usr/lib" && file_name(entry.path).starts_with("python3.")) {
            directories.insert(entry.path + "/site-packages");
        }
    }
    return directories;
}

/// What lies directly in site-packages, in walk order.
std::vector<std::string_view> module_names(const LintContext& context) {
    const std::set<std::string> directories = module_directories(context);
    std::vector<std::string_view> names;
    if (directories.size() == 1) {
        for (const archive::TarEntry& entry : context.subject.entries()) {
            if (parent_path(entry.path) == *directories.begin()) {
                names.push_back(file_name(entry.path));
            }
        }
    }
    return names;
}

void find_directories(
    const LintContext& context, std::span<const std::string_view> wanted, std::string& message
) {
    if (module_directories(context).size() > 1) {
        message = "the package has modules of more than one Python";
        return;
    }
    for (const std::string_view name : module_names(context)) {
        if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
            message = fmt::format("{} lies in site-packages", name);
        }
    }
}

// A file or directory of site-packages that says something about packages and is none.
bool is_no_package(std::string_view name) {
    constexpr std::array<std::string_view, 4> directories = {"test", "tests", "doc", "docs"};
    const std::string_view extension = file_extension(name);
    return name.starts_with('_') || extension == ".egg-info" || extension == ".dist-info" ||
           extension == ".pth" ||
           std::find(directories.begin(), directories.end(), name) != directories.end();
}

}  // namespace

std::vector<LintPlace> python_documentation(const LintContext& context, std::string& message) {
    constexpr std::array<std::string_view, 2> names = {"doc", "docs"};
    find_directories(context, names, message);
    return {};
}

std::vector<LintPlace> python_tests(const LintContext& context, std::string& message) {
    constexpr std::array<std::string_view, 2> names = {"test", "tests"};
    find_directories(context, names, message);
    return {};
}

std::vector<LintPlace> python_packages(const LintContext& context, std::string& message) {
    if (module_directories(context).size() > 1) {
        message = "the package has modules of more than one Python";
        return {};
    }
    std::set<std::string_view> packages;
    for (const std::string_view name : module_names(context)) {
        if (!is_no_package(name)) {
            packages.insert(name.substr(0, name.size() - file_extension(name).size()));
        }
    }
    std::vector<LintPlace> places;
    if (packages.size() > 1) {
        message = fmt::format("{} Python packages lie in site-packages", packages.size());
        for (const std::string_view package : packages) {
            places.push_back({.path = std::string(package), .note = {}});
        }
    }
    return places;
}

}  // namespace quern::package
