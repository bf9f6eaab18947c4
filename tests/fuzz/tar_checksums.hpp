// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/ustar_block.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

/// The input with right checksums in all blocks that look like headers: else no change of a header
/// would get past the first check.
inline std::string with_right_checksums(const std::uint8_t* data, std::size_t size) {
    using quern::archive::UstarBlock;
    std::string bytes(reinterpret_cast<const char*>(data), size);
    for (std::size_t start = 0; start + UstarBlock::size <= size; start += UstarBlock::size) {
        UstarBlock block;
        bytes.copy(block.data(), UstarBlock::size, start);
        if (block.text(UstarBlock::magic).starts_with("ustar")) {
            block.set_checksum();
            bytes.replace(start, UstarBlock::size, block.bytes());
        }
    }
    return bytes;
}
