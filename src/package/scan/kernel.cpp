// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Modules need the kernel that they were built for. Source: recipe-and-build 8.9.
#include "package/kernel.hpp"

#include "package/scan/scanner.hpp"

namespace quern::package {

void scan_kernel(const ScanContext& context, ScanSink& sink) {
    const Subject& subject = context.subject;
    for (std::size_t i = 0; i < subject.entries().size(); ++i) {
        const archive::TarEntry& entry = subject.entries()[i];
        const FileFacts* facts =
            is_regular(entry) && is_kernel_path(entry.path) ? subject.facts(i) : nullptr;
        if (facts == nullptr || facts->kernel_version.empty()) {
            continue;
        }
        const std::string name = "linux:" + facts->kernel_version;
        if (is_module_path(entry.path)) {
            sink.depends(name, entry.path);
        } else {
            sink.provides(name, entry.path);
        }
    }
}

}  // namespace quern::package
