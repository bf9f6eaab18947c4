// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Source: recipe-and-build 8.4.
#include "package/path.hpp"
#include "package/scan/scanner.hpp"

namespace quern::package {

void scan_commands(const ScanContext& context, ScanSink& sink) {
    constexpr std::uint32_t readable_and_executable_by_all = 0555;
    for (const archive::TarEntry& entry : context.subject.entries()) {
        const std::string_view directory = parent_path(entry.path);
        const bool is_in_path = directory == "bin" || directory == "sbin" ||
                                directory == "usr/bin" || directory == "usr/sbin";
        if (is_in_path && is_regular(entry) &&
            (entry.mode & readable_and_executable_by_all) == readable_and_executable_by_all) {
            sink.provides(
                "cmd:" + std::string(file_name(entry.path)),
                context.options.full_version,
                entry.path
            );
        }
    }
}

}  // namespace quern::package
