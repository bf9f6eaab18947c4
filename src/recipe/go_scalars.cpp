// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Single numbers, texts and truth values by the verbs of Go's package fmt.
#include "recipe/go_scalars.hpp"

#include "recipe/go_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace quern::recipe::go {

namespace {

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).length) {
        ++count;
    }
    return count;
}

bool is_printable(char32_t value) {
    return (value >= 0x20 && value < 0x7F) ||
           (value > 0xA0 && value != 0xAD && value != 0x2028 && value != 0x2029 && value != 0xFEFF);
}

void append_quoted(std::string& out, std::string_view text, std::size_t at, CodePoint point) {
    constexpr std::string_view escaped = "\a\b\f\n\r\t\v\\\"";
    constexpr std::string_view letters = "abfnrtv\\\"";
    const char c = text[at];
    if (const std::size_t i = escaped.find(c); i != std::string_view::npos) {
        out += '\\';
        out += letters[i];
    } else if (point.value == 0xFFFD && point.length == 1) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else if (is_printable(point.value)) {
        out += text.substr(at, point.length);
    } else if (point.value < 0x80) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
    } else if (point.value < 0x10000) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(point.value));
    } else {
        out += fmt::format("\\U{:08x}", static_cast<unsigned>(point.value));
    }
}

std::string hex(std::string_view text, bool is_upper) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += is_upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
    }
    return out;
}

/// The first `limit` code points.
std::string_view truncated(std::string_view text, std::optional<std::size_t> limit) {
    std::size_t at = 0;
    for (std::size_t count = 0; limit && count < *limit && at < text.size(); ++count) {
        at += code_point_at(text, at).length;
    }
    return limit ? text.substr(0, at) : text;
}

std::optional<std::string> digits_of(
    unsigned long long magnitude, char verb, const FormatFlags& flags
) {
    const char* prefix = "";
    std::string digits;
    switch (verb) {
        case 'd':
        case 'v':
            digits = fmt::format("{}", magnitude);
            break;
        case 'b':
            digits = fmt::format("{:b}", magnitude);
            prefix = flags.sharp ? "0b" : "";
            break;
        case 'o':
        case 'O':
            digits = fmt::format("{:o}", magnitude);
            prefix = verb == 'O' ? "0o" : flags.sharp ? "0" : "";
            break;
        case 'x':
            digits = fmt::format("{:x}", magnitude);
            prefix = flags.sharp ? "0x" : "";
            break;
        case 'X':
            digits = fmt::format("{:X}", magnitude);
            prefix = flags.sharp ? "0X" : "";
            break;
        default:
            return std::nullopt;
    }
    const std::size_t wanted = std::min(flags.precision.value_or(0), max_print_bytes);
    if (digits.size() < wanted) {
        digits.insert(0, wanted - digits.size(), '0');
    }
    return prefix + digits;
}

/// Go's shortest form: `%e` for exponents below -4 and from 21 on.
std::string shortest(double value) {
    char buffer[64];
    const double magnitude = std::fabs(value);
    const bool is_plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e21);
    const auto style = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value, style).ptr;
    return {std::begin(buffer), end};
}

}  // namespace

std::string pad(std::string text, const FormatFlags& flags, bool is_number) {
    const std::size_t length = flags.width ? count_code_points(text) : 0;
    if (!flags.width || length >= *flags.width) {
        return text;
    }
    const std::size_t missing = *flags.width - length;
    if (flags.minus) {
        return text.append(missing, ' ');
    }
    const bool has_sign = text.starts_with('-') || text.starts_with('+');
    return text.insert(
        flags.zero && is_number && has_sign ? 1 : 0, missing, flags.zero ? '0' : ' '
    );
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        append_quoted(out, text, at, point);
        at += point.length;
    }
    return out + '"';
}

std::optional<std::string> format_truth(bool value, char verb, const FormatFlags& flags) {
    if (verb != 't' && verb != 'v') {
        return std::nullopt;
    }
    return pad(value ? "true" : "false", flags);
}

std::optional<std::string> format_integer(
    unsigned long long magnitude, bool is_negative, char verb, const FormatFlags& flags
) {
    const bool is_point = !is_negative && magnitude <= 0x10FFFF;
    std::string point;
    append_utf8(point, is_point ? static_cast<char32_t>(magnitude) : U'\uFFFD');
    if (verb == 'c') {
        return pad(point, flags);
    }
    if (verb == 'q') {
        const std::string quoted = quote(point);
        const std::string inner = quoted.substr(1, quoted.size() - 2);
        return pad(inner == "\\\"" ? "'\"'" : inner == "'" ? "'\\''" : "'" + inner + "'", flags);
    }
    if (verb == 'U') {
        return pad(fmt::format("U+{:04X}", magnitude), flags);
    }
    auto digits = digits_of(magnitude, verb, flags);
    if (!digits) {
        return std::nullopt;
    }
    FormatFlags padding = flags;
    padding.zero = flags.zero && !flags.precision && !flags.minus;
    const char* sign = is_negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
    return pad(sign + *digits, padding, true);
}

std::optional<std::string> format_real(double value, char verb, const FormatFlags& flags) {
    std::string text;
    const auto precision =
        static_cast<int>(std::min<std::size_t>(flags.precision.value_or(6), 1000));
    switch (verb) {
        case 'v':
        case 'g':
        case 'G':
            text = flags.precision ? fmt::format("{:.{}g}", value, std::max(precision, 1))
                                   : shortest(value);
            break;
        case 'f':
        case 'F':
            text = fmt::format("{:.{}f}", value, precision);
            break;
        case 'e':
            text = fmt::format("{:.{}e}", value, precision);
            break;
        case 'E':
            text = fmt::format("{:.{}E}", value, precision);
            break;
        default:
            return std::nullopt;
    }
    const bool is_signed = std::signbit(value);
    return pad((is_signed ? "" : flags.plus ? "+" : flags.space ? " " : "") + text, flags, true);
}

std::optional<std::string> format_text(std::string_view text, char verb, const FormatFlags& flags) {
    const std::string_view cut = truncated(text, flags.precision);
    switch (verb) {
        case 's':
        case 'v':
            return pad(flags.sharp && verb == 'v' ? quote(cut) : std::string(cut), flags);
        case 'q':
            return pad(quote(cut), flags);
        case 'x':
        case 'X':
            return pad(hex(cut, verb == 'X'), flags);
        default:
            return std::nullopt;
    }
}

CodePoint code_point_at(std::string_view text, std::size_t offset) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[offset + i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || offset + length > text.size()) {
        return {U'\uFFFD', 1};
    }
    char32_t value = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) {
            return {U'\uFFFD', 1};
        }
        value = (value << 6U) | (byte(i) & 0x3FU);
    }
    const bool is_overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    const bool is_surrogate = value >= 0xD800 && value < 0xE000;
    return is_overlong || is_surrogate || value > 0x10FFFF ? CodePoint{U'\uFFFD', 1}
                                                           : CodePoint{value, length};
}

void append_utf8(std::string& out, char32_t value) {
    if (value >= 0xD800 && value < 0xE000) {
        value = U'\uFFFD';
    }
    const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | (value >> 6U));
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | (value >> 12U));
        put(0x80 | ((value >> 6U) & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | (value >> 18U));
        put(0x80 | ((value >> 12U) & 0x3F));
        put(0x80 | ((value >> 6U) & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

}  // namespace quern::recipe::go
