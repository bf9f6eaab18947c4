// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace quern::archive {

/// Places in a deflate stream, in bits from its start; the lowest bit of a byte is the first.
struct DeflateEnd {
    std::size_t last_block = 0;  ///< first bit of the last block: its BFINAL
    std::size_t end = 0;         ///< first bit behind the last block
};

/// Walks a whole deflate stream without making its output. Nothing if the stream is truncated or
/// malformed. Source: RFC 1951.
std::optional<DeflateEnd> find_deflate_end(std::span<const std::uint8_t> stream);

}  // namespace quern::archive
