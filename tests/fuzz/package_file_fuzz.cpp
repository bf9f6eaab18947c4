// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_entry.hpp"
#include "package_input.hpp"
#include "support/file_tree.hpp"

#include <cstddef>
#include <cstdint>

using namespace quern;

/// The whole of reading: sections, .PKGINFO, data. Every path that a visitor sees is confined.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto package = package_of("", data, size);
    if (!package) {
        return 0;
    }
    static_cast<void>(package->verify_signature({}));
    static_cast<void>(
        package->read_data([](const archive::TarEntry& entry, archive::TarReader&) -> Result<void> {
            QUERN_ASSERT(is_confined_path(entry.path));
            return {};
        })
    );
    return 0;
}
