// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/ustar_block.hpp"

#include <algorithm>

namespace quern::archive {

bool UstarBlock::is_zero() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](char byte) { return byte == '\0'; });
}

std::string_view UstarBlock::text(UstarField field) const {
    const std::string_view whole = bytes().substr(field.offset, field.size);
    return whole.substr(0, whole.find('\0'));
}

std::optional<std::uint64_t> UstarBlock::number(UstarField field) const {
    std::string_view digits = bytes().substr(field.offset, field.size);
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::uint64_t value = 0;
    while (!digits.empty() && digits.front() >= '0' && digits.front() <= '7') {
        value = value * 8 + static_cast<std::uint64_t>(digits.front() - '0');  // at most 36 bits
        digits.remove_prefix(1);
    }
    if (digits.find_first_not_of(std::string_view(" \0", 2)) != std::string_view::npos) {
        return std::nullopt;
    }
    return value;
}

std::uint32_t UstarBlock::sum() const {
    std::uint32_t total = 0;
    for (const char byte : bytes_) {
        total += static_cast<unsigned char>(byte);
    }
    for (const char byte : bytes().substr(checksum.offset, checksum.size)) {
        total -= static_cast<unsigned char>(byte);
    }
    return total + std::uint32_t{' '} * checksum.size;
}

void UstarBlock::set_text(UstarField field, std::string_view text) {
    text.copy(bytes_.data() + field.offset, field.size);
}

bool UstarBlock::set_number(UstarField field, std::uint64_t value) {
    for (std::size_t digit = field.size - 1; digit-- > 0; value /= 8) {
        bytes_[field.offset + digit] = static_cast<char>('0' + value % 8);
    }
    bytes_[field.offset + field.size - 1] = '\0';
    return value == 0;
}

void UstarBlock::set_checksum() {
    // Six digits, NUL, space: the form that every tar writes.
    set_number({checksum.offset, checksum.size - 1}, sum());
    bytes_[checksum.offset + checksum.size - 1] = ' ';
}

}  // namespace quern::archive
