// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_checksum.hpp"

#include "archive/gzip_functions.hpp"

namespace quern::archive {

std::uint32_t gzip_checksum(std::string_view bytes, std::uint32_t before) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
    const auto* const first = reinterpret_cast<const unsigned char*>(bytes.data());
    return crc32_gzip_refl(before, first, bytes.size());
}

}  // namespace quern::archive
