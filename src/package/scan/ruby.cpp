// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Gems in ruby/gems/X.Y.Z belong to Ruby X.Y. Source: recipe-and-build 8.7.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <cctype>

namespace quern::package {
namespace {

bool begins_with_digit(std::string_view text) {
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

// "3.2.0" gives "3.2". The third number is 0 since Ruby 2.1 ("3.2.0+1" too): it names the
// interface, not the release.
std::string interface_version(std::string_view directory) {
    const std::vector<std::string_view> parts = split(directory, '.');
    const bool is_version = parts.size() >= 3 && begins_with_digit(parts[0]) &&
                            begins_with_digit(parts[1]) && !parts[2].empty() &&
                            (parts[2][0] == '0' || parts[2][0] == '9');
    return is_version ? std::string(directory.substr(0, directory.rfind('.'))) : std::string();
}

}  // namespace

void scan_ruby(const ScanContext& context, ScanSink& sink) {
    const auto& declared = context.options.declared_runtime;
    const bool is_declared =
        std::any_of(declared.begin(), declared.end(), [](const std::string& name) {
            return name == "ruby" || name.starts_with("ruby-");
        });
    if (is_declared) {
        return;
    }
    for (const archive::TarEntry& entry : context.subject.entries()) {
        const std::string_view directory = parent_path(entry.path);
        const std::string_view parent = parent_path(directory);
        if (file_name(entry.path) == "gems" &&
            (parent == "usr/lib/ruby/gems" || parent == "lib/ruby/gems")) {
            const std::string version = interface_version(file_name(directory));
            if (!version.empty()) {
                sink.depends("ruby-" + version, entry.path);
                return;
            }
        }
    }
}

}  // namespace quern::package
