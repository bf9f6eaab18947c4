// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A package of documentation needs what shows it. Source: recipe-and-build 8.5.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"

namespace quern::package {

void scan_documentation(const ScanContext& context, ScanSink& sink) {
    if (!context.subject.name().ends_with("-doc")) {
        return;
    }
    for (const archive::TarEntry& entry : context.subject.entries()) {
        const std::string_view directory = parent_path(entry.path);
        if (directory == "usr/share/man") {
            sink.depends("man-db", entry.path);
        } else if (directory == "usr/share/info") {
            sink.depends("texinfo", entry.path);
        }
    }
}

}  // namespace quern::package
