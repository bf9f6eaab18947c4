// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"
#include "support/atomic_file.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

using namespace quern;

/// An index of apk 3 without compression, as its payload and what follows: what is read can be
/// written, unless a value is none that the format has, and says the same then.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const UniqueFd fd(::memfd_create("index", MFD_CLOEXEC));
    QUERN_ASSERT(fd);
    QUERN_ASSERT(write_all(fd.get(), "ADB.indx").has_value());
    QUERN_ASSERT(write_all(fd.get(), {reinterpret_cast<const char*>(data), size}).has_value());
    const apk::IndexLimits limits = {.text_bytes = 1U << 20U, .entries = 1000};
    const auto file =
        apk::read_adb_index(fmt::format("/proc/self/fd/{}", fd.get()), nullptr, limits);
    if (!file) {
        return 0;
    }
    for (const apk::IndexEntry& entry : file->index.entries) {
        QUERN_ASSERT(entry.file_name().find('/') == std::string::npos);
        QUERN_ASSERT(entry.checksum.empty() || entry.checksum.starts_with('Q'));
    }
    static_cast<void>(apk::write_adb_index(file->index, file->pkgname_spec, nullptr));
    return 0;
}
