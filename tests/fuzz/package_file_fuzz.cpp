// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace quern;

/// The whole of reading: sections, .PKGINFO, data. Every path that a visitor sees is confined.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int fd = ::memfd_create("package", MFD_CLOEXEC);
    QUERN_ASSERT(fd >= 0);
    QUERN_ASSERT(write_all(fd, {reinterpret_cast<const char*>(data), size}).has_value());
    const apk::PackageLimits limits{
        .control_bytes = 1U << 20U, .data_bytes = 1U << 24U, .entries = 10000};
    const auto package = apk::PackageFile::open_fd(fd, limits);
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
