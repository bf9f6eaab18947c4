// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_entry.hpp"
#include "archive/tar_reader.hpp"
#include "package_input.hpp"
#include "support/file_tree.hpp"

#include <cstddef>
#include <cstdint>

using namespace quern;

/// A package of version 3 without compression, so that what is changed is what is read: container,
/// values, list of files, content. Every path that a visitor sees is confined, and every file has
/// as many bytes as it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto package = package_of("ADB.pckg", data, size);
    if (!package) {
        return 0;
    }
    static_cast<void>(package->verify_signature({}));
    static_cast<void>(package->read_data(
        [](const archive::TarEntry& entry, archive::TarReader& content) -> Result<void> {
            QUERN_ASSERT(is_confined_path(entry.path));
            QUERN_TRY(const std::string text, content.read_all(1U << 24U));
            QUERN_ASSERT(text.size() == entry.size);
            return {};
        }
    ));
    return 0;
}
