// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/keyring.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace quern::apk {

/// How much of an ADB file may be read.
struct AdbBounds {
    std::uint64_t payload_bytes = 0;
    std::uint64_t all_bytes = 0;  ///< inflated, with all blocks
};

/// Writes the ADB file of `fd` to `path`, atomically, with one signature in place of those that it
/// has; all else stays. The content is not looked at: what is signed has to be checked before.
/// Errors: as reading; as signing; io.
Result<void> sign_adb_file(
    const std::filesystem::path& path,
    int fd,
    std::string_view schema,
    const AdbBounds& bounds,
    const Signer& key
);

}  // namespace quern::apk
