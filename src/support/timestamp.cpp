// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/timestamp.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace quern {

namespace {

constexpr std::int64_t seconds_per_day = 86400;
constexpr std::int64_t first_second = -62167219200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t last_second =
    253402300799;  // 9999-12-31T23:59:59Z, the last that RFC 3339 can write

/// Takes `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) {
        return std::nullopt;
    }
    const auto number = parse_unsigned(text.substr(0, digits));
    if (!number) {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return static_cast<int>(*number);
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
    const auto year = take_number(text, 4);
    const auto month = year && take(text, "-") ? take_number(text, 2) : std::nullopt;
    const auto day = month && take(text, "-") ? take_number(text, 2) : std::nullopt;
    if (!day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date).time_since_epoch().count() * seconds_per_day;
}

std::optional<std::int64_t> take_clock(std::string_view& text) {
    const auto hour = take_number(text, 2);
    const auto minute = hour && take(text, ":") ? take_number(text, 2) : std::nullopt;
    const auto second = minute && take(text, ":") ? take_number(text, 2) : std::nullopt;
    if (!second || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    if (take(text, ".")) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0) {
            return std::nullopt;
        }
        text.remove_prefix(digits);
    }
    return *hour * 3600 + *minute * 60 + std::min(*second, 59);  // a leap second is the one before
}

/// Seconds to subtract, from "Z" or "+01:00".
std::optional<std::int64_t> take_offset(std::string_view& text) {
    if (take(text, "Zz")) {
        return 0;
    }
    const int sign = text.starts_with('-') ? -1 : 1;
    if (!take(text, "+-")) {
        return std::nullopt;
    }
    const auto hours = take_number(text, 2);
    const auto minutes = hours && take(text, ":") ? take_number(text, 2) : std::nullopt;
    if (!minutes || *hours > 23 || *minutes > 59) {
        return std::nullopt;
    }
    return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::string Timestamp::to_rfc3339() const {
    const auto bounded = std::clamp(seconds_, first_second, last_second);
    const auto since_epoch = std::chrono::seconds(bounded);
    const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
    const std::chrono::year_month_day date{std::chrono::sys_days(days)};
    const auto clock = (since_epoch - days).count();
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    );
}

std::optional<Timestamp> Timestamp::parse_rfc3339(std::string_view text) {
    const auto date = take_date(text);
    const auto clock = date && take(text, "Tt ") ? take_clock(text) : std::nullopt;
    const auto offset = clock ? take_offset(text) : std::nullopt;
    if (!offset || !text.empty()) {
        return std::nullopt;
    }
    return Timestamp(*date + *clock - *offset);
}

std::optional<Timestamp> Timestamp::parse_seconds(std::string_view text) {
    const auto seconds = parse_unsigned(text);
    if (!seconds || *seconds > static_cast<std::uint64_t>(last_second)) {
        return std::nullopt;
    }
    return Timestamp(static_cast<std::int64_t>(*seconds));
}

}  // namespace quern
