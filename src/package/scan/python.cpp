// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Modules in pythonX/site-packages belong to Python X. Source: recipe-and-build 8.7.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"

#include <algorithm>

namespace quern::package {

void scan_python(const ScanContext& context, ScanSink& sink) {
    const auto& declared = context.options.declared_runtime;
    const bool is_declared =
        std::any_of(declared.begin(), declared.end(), [](const std::string& name) {
            return name.starts_with("python");
        });
    constexpr std::string_view prefix = "python";
    std::string_view version;
    std::string_view file;
    for (const archive::TarEntry& entry : context.subject.entries()) {
        const std::string_view parent = file_name(parent_path(entry.path));
        if (entry.type == archive::TarType::directory && file_name(entry.path) == "site-packages" &&
            parent.starts_with(prefix)) {
            version = parent.substr(prefix.size());
            file = entry.path;
        }
    }
    if (!version.empty() && !is_declared) {
        sink.depends("python-" + std::string(version) + "-base", file);
    }
}

}  // namespace quern::package
