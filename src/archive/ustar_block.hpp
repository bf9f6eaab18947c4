// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quern::archive {

/// Where a field lies in a header block.
struct UstarField {
    std::size_t offset;
    std::size_t size;
};

/// One block of 512 bytes, the unit of tar; here as a header.
/// Source: POSIX.1-2017 pax, "ustar Interchange Format".
class UstarBlock {
 public:
    static constexpr std::size_t size = 512;
    static constexpr UstarField name{0, 100};
    static constexpr UstarField mode{100, 8};
    static constexpr UstarField uid{108, 8};
    static constexpr UstarField gid{116, 8};
    static constexpr UstarField content_size{124, 12};
    static constexpr UstarField mtime{136, 12};
    static constexpr UstarField checksum{148, 8};
    static constexpr UstarField type{156, 1};
    static constexpr UstarField link_name{157, 100};
    static constexpr UstarField magic{257, 6};
    static constexpr UstarField version{263, 2};
    static constexpr UstarField user_name{265, 32};
    static constexpr UstarField group_name{297, 32};
    static constexpr UstarField device_major{329, 8};
    static constexpr UstarField device_minor{337, 8};
    static constexpr UstarField prefix{345, 155};

    /// All zero bytes, as an end block is.
    UstarBlock() = default;

    char* data() { return bytes_.data(); }
    std::string_view bytes() const { return {bytes_.data(), size}; }
    bool is_zero() const;

    /// Text up to the first NUL or the end of the field.
    std::string_view text(UstarField field) const;
    /// Octal digits between optional spaces and a closing space or NUL; an empty field is 0.
    /// Nothing for anything else, base-256 included.
    std::optional<std::uint64_t> number(UstarField field) const;
    /// Sum of all bytes, the checksum field counted as spaces.
    std::uint32_t sum() const;

    /// Puts `text`, cut to the field.
    void set_text(UstarField field, std::string_view text);
    /// Puts zero-padded octal digits and a NUL. False if `value` does not fit.
    bool set_number(UstarField field, std::uint64_t value);
    void set_checksum();

 private:
    std::array<char, size> bytes_{};
};

/// Bytes from the end of content to the next block.
constexpr std::uint64_t padding_after(std::uint64_t content_size) {
    return (UstarBlock::size - content_size % UstarBlock::size) % UstarBlock::size;
}

}  // namespace quern::archive
