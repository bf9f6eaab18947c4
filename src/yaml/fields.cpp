// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/fields.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace quern::yaml {

namespace {

constexpr std::array true_words = {
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
constexpr std::array false_words = {
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};

struct Base {
    int radix = 10;
    std::size_t prefix = 0;
};

Base base_of(std::string_view digits) {
    if (digits.size() < 2 || digits[0] != '0') {
        return {};
    }
    switch (digits[1]) {
        case 'x':
        case 'X':
            return {16, 2};
        case 'o':
        case 'O':
            return {8, 2};
        case 'b':
        case 'B':
            return {2, 2};
        default:
            return {8, 1};
    }
}

/// A float by YAML's grammar whose value is whole.
std::optional<std::int64_t> parse_whole_float(std::string_view digits, bool negative) {
    if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos ||
        digits.front() == '-') {
        return std::nullopt;
    }
    double value = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    constexpr double limit = 9007199254740992.0;  // 2^53: every whole number up to here is one
    if (problem != std::errc() || end != digits.data() + digits.size() ||
        std::floor(value) < value || value > limit) {
        return std::nullopt;
    }
    const auto whole = static_cast<std::int64_t>(value);
    return negative ? -whole : whole;
}

/// The number in a plain scalar within [low, high]; reports and gives nothing otherwise.
std::optional<std::int64_t> read_integer(
    const Node& node, std::int64_t low, std::int64_t high, Reader& reader
) {
    const std::string_view wanted = low < 0 ? "a whole number" : "a whole number from 0 on";
    if (!node.is_scalar()) {
        report_wrong_type(node, wanted, reader);
        return std::nullopt;
    }
    const auto number = node.is_quoted() ? std::nullopt : parse_integer(node.text());
    if (number && *number >= low && *number <= high) {
        return number;
    }
    std::string help;
    if (node.is_quoted() && parse_integer(node.text())) {
        help = "take the quotes away";
    } else if (number && *number > high) {
        help = fmt::format("the largest is {}", high);
    }
    reader.diagnostics.error(
        "wrong-type",
        fmt::format("expected {}, got '{}'", wanted, printable(node.text())),
        node.where(),
        std::move(help)
    );
    return std::nullopt;
}

template <typename T>
bool read_number(const Node& node, T& value, Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    constexpr auto low =
        std::is_signed_v<T> ? static_cast<std::int64_t>(std::numeric_limits<T>::min()) : 0;
    constexpr auto high = sizeof(T) == 8 ? std::numeric_limits<std::int64_t>::max()
                                         : static_cast<std::int64_t>(std::numeric_limits<T>::max());
    const auto number = read_integer(node, low, high, reader);
    if (number) {
        value = static_cast<T>(*number);
    }
    return number.has_value();
}

}  // namespace

bool count_object(const Node& node, Reader& reader) {
    if (reader.objects_left > 1) {
        --reader.objects_left;
        return true;
    }
    if (reader.objects_left == 1) {
        reader.objects_left = 0;
        reader.diagnostics.error(
            "yaml-limit", "over 20,000 steps, packages and the like", node.where()
        );
    }
    return false;
}

void report_wrong_type(const Node& node, std::string_view expected, Reader& reader) {
    reader.diagnostics.error(
        "wrong-type",
        fmt::format("expected {}, got {}", expected, node.kind_name()),
        node.where(),
        {}
    );
}

void report_unknown_key(
    const Node& key, std::string_view table, std::span<const std::string_view> known, Reader& reader
) {
    if (!reader.is_strict) {
        return;
    }
    constexpr std::size_t max_advised = 100;
    std::string help;
    if (reader.diagnostics.error_count() < max_advised) {
        help = reader.unknown_key_help ? reader.unknown_key_help(key.text(), table) : std::string();
        if (const std::string_view near = nearest(key.text(), known); !near.empty()) {
            help = fmt::format("did you mean '{}'?", near);
        } else if (help.empty()) {
            help = fmt::format(
                "known here: {}", join(std::vector<std::string>(known.begin(), known.end()), ", ")
            );
        }
    }
    reader.diagnostics.error(
        "unknown-key",
        fmt::format("unknown key '{}' in {}", printable(key.text()), table),
        key.where(),
        std::move(help)
    );
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) {
        digits.erase(0, 1);
    }
    const Base base = base_of(digits);
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, problem] =
        std::from_chars(digits.data() + base.prefix, end, value, base.radix);
    if (problem != std::errc() || stop != end) {
        return parse_whole_float(digits, negative);
    }
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return std::nullopt;
    }
    return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<bool> parse_boolean(std::string_view text) {
    if (std::find(true_words.begin(), true_words.end(), text) != true_words.end()) {
        return true;
    }
    if (std::find(false_words.begin(), false_words.end(), text) != false_words.end()) {
        return false;
    }
    return std::nullopt;
}

bool read_value(const Node& node, std::string& value, Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    if (!node.is_scalar()) {
        report_wrong_type(node, "a text", reader);
        return false;
    }
    value = node.text();
    return true;
}

bool read_value(const Node& node, bool& value, Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    if (!node.is_scalar()) {
        report_wrong_type(node, "true or false", reader);
        return false;
    }
    const auto truth = parse_boolean(node.text());
    if (!truth || node.is_quoted()) {
        reader.diagnostics.error(
            "wrong-type",
            fmt::format("expected true or false, got '{}'", printable(node.text())),
            node.where(),
            truth ? "take the quotes away" : ""
        );
        return false;
    }
    value = *truth;
    return true;
}

bool read_value(const Node& node, std::uint64_t& value, Reader& reader) {
    return read_number(node, value, reader);
}
bool read_value(const Node& node, std::uint32_t& value, Reader& reader) {
    return read_number(node, value, reader);
}
bool read_value(const Node& node, int& value, Reader& reader) {
    return read_number(node, value, reader);
}

}  // namespace quern::yaml
