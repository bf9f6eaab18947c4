// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_entry.hpp"
#include "archive/tar_reader.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern;

/// A package of version 3 without compression, so that what is changed is what is read: container,
/// values, list of files, content. Every path that a visitor sees is confined, and every file has
/// as many bytes as it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int fd = ::memfd_create("package", MFD_CLOEXEC);
    QUERN_ASSERT(fd >= 0);
    QUERN_ASSERT(write_all(fd, "ADB.pckg").has_value());
    QUERN_ASSERT(write_all(fd, {reinterpret_cast<const char*>(data), size}).has_value());
    const apk::PackageLimits limits{
        .control_bytes = 1U << 20U, .data_bytes = 1U << 24U, .entries = 10000};
    const auto package = apk::PackageFile::open_fd(fd, limits);
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
