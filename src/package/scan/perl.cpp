// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Directories of Perl modules belong to one version of Perl. Source: recipe-and-build 8.7.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"

#include <algorithm>
#include <cctype>

namespace quern::package {
namespace {

// "perl5" gives "5"; nothing for what is no such directory.
std::string_view perl_version(std::string_view directory) {
    constexpr std::string_view prefix = "perl";
    const std::string_view name = file_name(directory);
    const bool is_perl = name.starts_with(prefix) && name.size() > prefix.size() &&
                         std::isdigit(static_cast<unsigned char>(name[prefix.size()])) != 0;
    return is_perl ? name.substr(prefix.size()) : std::string_view();
}

}  // namespace

void scan_perl(const ScanContext& context, ScanSink& sink) {
    const auto& declared = context.options.declared_runtime;
    if (std::find(declared.begin(), declared.end(), "perl") != declared.end()) {
        return;
    }
    for (const archive::TarEntry& entry : context.subject.entries()) {
        const std::string_view directory = parent_path(entry.path);
        const std::string_view parent = parent_path(directory);
        const std::string_view version = perl_version(directory);
        if ((parent == "usr/lib" || parent == "lib") && !version.empty() &&
            entry.path.ends_with("_perl")) {
            sink.depends("perl~" + std::string(version), entry.path);
            return;
        }
    }
}

}  // namespace quern::package
