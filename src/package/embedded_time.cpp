// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/embedded_time.hpp"

#include "support/text.hpp"

#include <cstddef>
#include <ctime>

namespace quern::package {
namespace {

std::uint32_t little_endian(std::string_view bytes, std::size_t offset, std::size_t width) {
    std::uint32_t value = 0;
    for (std::size_t i = width; i-- > 0;) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[offset + i]);
    }
    return value;
}

std::optional<std::int64_t> unless_zero(std::int64_t seconds) {
    return seconds == 0 ? std::nullopt : std::optional(seconds);
}

// A DOS time has no zone; its zero is 1980, which stands for "none".
std::optional<std::int64_t> dos_time(std::uint32_t time, std::uint32_t date) {
    std::tm parts = {};
    parts.tm_sec = static_cast<int>((time & 0x1fU) * 2);
    parts.tm_min = static_cast<int>(time >> 5U & 0x3fU);
    parts.tm_hour = static_cast<int>(time >> 11U);
    parts.tm_mday = static_cast<int>(date & 0x1fU);
    parts.tm_mon = static_cast<int>(date >> 5U & 0xfU) - 1;
    parts.tm_year = static_cast<int>(date >> 9U) + 80;
    const bool is_lowest = parts.tm_year == 80 && parts.tm_mon <= 0 && parts.tm_mday <= 1;
    return is_lowest ? std::nullopt : std::optional<std::int64_t>(::timegm(&parts));
}

std::optional<std::int64_t> archive_member_time(std::string_view head) {
    constexpr std::size_t time_at = 8 + 16;
    constexpr std::size_t time_size = 12;
    const auto seconds = parse_signed(trim(head.substr(time_at, time_size)));
    return seconds ? unless_zero(*seconds) : std::nullopt;
}

// Two bytes of version, "\r\n", flags: 0 means that a time follows.
bool is_timed_byte_code(std::string_view head) {
    return head.size() >= 16 && head[2] == '\r' && head[3] == '\n' &&
           little_endian(head, 4, 4) == 0;
}

}  // namespace

std::optional<std::int64_t> embedded_time(std::string_view head) {
    constexpr std::size_t smallest = 10;
    constexpr std::size_t zip_header = 30;
    constexpr std::size_t ar_header = 68;
    if (head.size() < smallest) {
        return std::nullopt;
    }
    if (head.starts_with("\x1f\x8b")) {
        return unless_zero(little_endian(head, 4, 4));
    }
    if (head.starts_with("PK\x03\x04") && head.size() >= zip_header) {
        return dos_time(little_endian(head, 10, 2), little_endian(head, 12, 2));
    }
    if (head.starts_with("!<arch>\n") && head.size() >= ar_header) {
        return archive_member_time(head);
    }
    return is_timed_byte_code(head) ? unless_zero(little_endian(head, 8, 4)) : std::nullopt;
}

}  // namespace quern::package
