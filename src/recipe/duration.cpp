// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace quern::recipe {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

/// Longer names before those that they begin with.
constexpr std::array units = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xC2\xB5s", 1'000},
    Unit{"\xCE\xBCs", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

struct Number {
    std::int64_t whole = 0;
    double fraction = 0;
    bool has_digits = false;
};

/// Takes digits, a point and digits from the front of `text`. Nothing if the whole part does not
/// fit.
std::optional<Number> take_number(std::string_view& text) {
    Number number;
    while (!text.empty() && is_digit(text.front())) {
        if (__builtin_mul_overflow(number.whole, 10, &number.whole) ||
            __builtin_add_overflow(number.whole, text.front() - '0', &number.whole)) {
            return std::nullopt;
        }
        number.has_digits = true;
        text.remove_prefix(1);
    }
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        double scale = 0.1;
        for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10) {
            number.fraction += scale * (text.front() - '0');
            number.has_digits = true;
        }
    }
    return number;
}

const Unit* take_unit(std::string_view& text) {
    for (const Unit& unit : units) {
        const std::string_view rest = text.substr(0, unit.name.size());
        if (rest == unit.name && !(unit.name == "m" && text.starts_with("ms"))) {
            text.remove_prefix(unit.name.size());
            return &unit;
        }
    }
    return nullptr;
}

/// Seconds with up to nine decimals and no zeros at the end.
std::string decimal(std::int64_t value, std::int64_t unit) {
    std::string out = fmt::format("{}", value / unit);
    if (std::int64_t rest = value % unit; rest != 0) {
        out += '.';
        for (std::int64_t scale = unit / 10; rest != 0 && scale != 0; scale /= 10) {
            out += static_cast<char>('0' + rest / scale);
            rest %= scale;
        }
    }
    return out;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    if (text == "0") {
        return std::chrono::nanoseconds(0);
    }
    if (text.empty()) {
        return std::nullopt;
    }
    std::int64_t total = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number || !number->has_digits) {
            return std::nullopt;
        }
        const Unit* unit = take_unit(text);
        std::int64_t part = 0;
        if (unit == nullptr || __builtin_mul_overflow(number->whole, unit->nanoseconds, &part) ||
            __builtin_add_overflow(total, part, &total)) {
            return std::nullopt;
        }
        const auto fraction = static_cast<std::int64_t>(
            number->fraction * static_cast<double>(unit->nanoseconds) + 0.5
        );
        if (__builtin_add_overflow(total, fraction, &total)) {
            return std::nullopt;
        }
    }
    return std::chrono::nanoseconds(negative ? -total : total);
}

std::string to_string(std::chrono::nanoseconds duration) {
    constexpr std::int64_t second = 1'000'000'000;
    std::int64_t value = duration.count();
    if (value == 0) {
        return "0s";
    }
    const std::string sign = value < 0 ? "-" : "";
    value = value < 0 ? -value : value;
    if (value < 1'000) {
        return fmt::format("{}{}ns", sign, value);
    }
    if (value < 1'000'000) {
        return sign + decimal(value, 1'000) + "\xC2\xB5s";
    }
    if (value < second) {
        return sign + decimal(value, 1'000'000) + "ms";
    }
    const std::int64_t minutes = value / (60 * second);
    const std::string seconds = decimal(value % (60 * second), second) + "s";
    if (minutes == 0) {
        return sign + seconds;
    }
    if (minutes < 60) {
        return fmt::format("{}{}m{}", sign, minutes, seconds);
    }
    return fmt::format("{}{}h{}m{}", sign, minutes / 60, minutes % 60, seconds);
}

}  // namespace quern::recipe
