// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace quern::archive {

/// The CRC-32 of a gzip trailer (RFC 1952 8), going on from that of what stands before. It finds
/// damage, not malice.
std::uint32_t gzip_checksum(std::string_view bytes, std::uint32_t before = 0);

}  // namespace quern::archive
