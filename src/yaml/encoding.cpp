// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/encoding.hpp"

#include "support/text.hpp"
#include "yaml/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace quern::yaml {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

std::uint32_t unit_at(std::string_view bytes, std::size_t at, bool big) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return big ? static_cast<std::uint32_t>(first << 8 | second)
               : static_cast<std::uint32_t>(second << 8 | first);
}

bool is_high(std::uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(std::uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

std::string from_utf16(std::string_view bytes, bool big) {
    constexpr std::uint32_t replacement = 0xFFFD;
    std::string out;
    out.reserve(bytes.size() / 2);
    std::size_t at = 2;  // behind the mark
    for (; at + 1 < bytes.size(); at += 2) {
        std::uint32_t code = unit_at(bytes, at, big);
        if (is_high(code) && at + 3 < bytes.size() && is_low(unit_at(bytes, at + 2, big))) {
            code = 0x10000 + ((code - 0xD800) << 10) + (unit_at(bytes, at + 2, big) - 0xDC00);
            at += 2;
        } else if (is_high(code) || is_low(code)) {
            code = replacement;
        }
        append_utf8(out, code);
    }
    if (at < bytes.size()) {
        append_utf8(out, replacement);
    }
    return out;
}

constexpr std::size_t stride = 64;

bool is_continuation(char c) {
    return (c & 0xC0) == 0x80;
}

bool is_control(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20) {
        return c != '\t' && c != '\n' && c != '\r';
    }
    if (c == 0xC2 && at + 1 < text.size()) {
        const auto next = static_cast<unsigned char>(text[at + 1]);
        return next < 0xA0 && next != 0x85;
    }
    return c == 0x7F;
}

/// Length of the longest prefix that is UTF-8, found by halving.
std::size_t valid_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto c = static_cast<unsigned char>(text[at]);
        const std::size_t size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (!is_valid_utf8(text.substr(at, size))) {
            return at;
        }
        at += size;
    }
    return at;
}

}  // namespace

std::string to_utf8(std::string bytes) {
    if (bytes.starts_with("\xFE\xFF")) {
        return from_utf16(bytes, true);
    }
    if (bytes.starts_with("\xFF\xFE")) {
        return from_utf16(bytes, false);
    }
    return bytes;
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
    const std::size_t valid = is_valid_utf8(text) ? text.size() : valid_prefix(text);
    for (std::size_t at = 0; at < valid; ++at) {
        if (is_control(text, at)) {
            const auto c = static_cast<unsigned char>(text[at]);
            return BadByte{at, 1, fmt::format("control character {:#04x}", c)};
        }
    }
    if (valid < text.size()) {
        const auto c = static_cast<unsigned char>(text[valid]);
        return BadByte{valid, 1, fmt::format("byte {:#04x} is not UTF-8", c)};
    }
    return std::nullopt;
}

CharacterOffsets::CharacterOffsets(std::string_view text) : text_(text) {
    if (std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
        return;
    }
    std::size_t characters = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_continuation(text[at]) && characters++ % stride == 0) {
            marks_.push_back(at);
        }
    }
}

std::size_t CharacterOffsets::byte(std::size_t character) const {
    if (marks_.empty()) {
        return std::min(character, text_.size());
    }
    if (character / stride >= marks_.size()) {
        return text_.size();
    }
    std::size_t at = marks_[character / stride];
    for (std::size_t left = character % stride; at < text_.size(); ++at) {
        if (!is_continuation(text_[at]) && left-- == 0) {
            break;
        }
    }
    return at;
}

}  // namespace quern::yaml
