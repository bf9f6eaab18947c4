// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Opens a package that has the given bytes behind `prefix`, with limits that keep a run short.
inline quern::Result<quern::apk::PackageFile> package_of(
    std::string_view prefix, const std::uint8_t* data, std::size_t size
) {
    const int fd = ::memfd_create("package", MFD_CLOEXEC);
    QUERN_ASSERT(fd >= 0);
    QUERN_ASSERT(quern::write_all(fd, prefix).has_value());
    QUERN_ASSERT(quern::write_all(fd, {reinterpret_cast<const char*>(data), size}).has_value());
    return quern::apk::PackageFile::open_fd(
        fd, {.control_bytes = 1U << 20U, .data_bytes = 1U << 24U, .entries = 10000}
    );
}
