// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Source: recipe-and-build 8.6.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::package {
namespace {

constexpr std::array<std::string_view, 5> searched_directories = {
    "usr/lib/pkgconfig",
    "usr/lib64/pkgconfig",
    "usr/share/pkgconfig",
    "usr/local/lib/pkgconfig",
    "usr/local/share/pkgconfig",
};

}  // namespace

void scan_pkg_config(const ScanContext& context, ScanSink& sink) {
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const std::string& path = subject.entries()[i].path;
        const FileFacts* facts = path.ends_with(".pc") ? subject.facts(i) : nullptr;
        if (facts == nullptr || !facts->pkg_config) {
            continue;
        }
        if (!facts->pkg_config->problem.empty()) {
            sink.warn(path, fmt::format("no module is provided: {}", facts->pkg_config->problem));
            continue;
        }
        std::string name = "pc:" + std::string(file_name(path));
        name.resize(name.size() - std::string_view(".pc").size());
        const auto* const found =
            std::find(searched_directories.begin(), searched_directories.end(), parent_path(path));
        if (found == searched_directories.end()) {
            sink.vendored(name, context.options.full_version, path);
            continue;
        }
        sink.provides(name, context.options.full_version, path);
        for (const std::string& module : facts->pkg_config->required) {
            sink.depends("pc:" + module, path);
        }
    }
}

}  // namespace quern::package
