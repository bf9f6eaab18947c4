// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/writer.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::yaml {

namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Words that some reader takes for a truth value, nothing or a number.
bool is_special_word(std::string_view text) {
    constexpr std::array words = {
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"};
    if (text.size() > 5) {
        return false;
    }
    const std::string lower = to_lower(text);
    return std::find(words.begin(), words.end(), lower) != words.end();
}

bool is_plain(std::string_view text) {
    constexpr std::string_view inside = "_./+-@=~$%:() ";
    if (text.empty() || !(is_letter(text.front()) || text.front() == '/' || text.front() == '_')) {
        return false;
    }
    if (text.back() == ' ' || text.back() == ':' || text.find(": ") != std::string_view::npos ||
        is_special_word(text)) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [inside](char c) {
        return is_letter(c) || is_digit(c) || inside.find(c) != std::string_view::npos;
    });
}

/// Bytes of the character at `at`; 0 if they are not UTF-8.
std::size_t character_size(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return is_valid_utf8(text.substr(at, size)) ? size : 0;
}

/// Characters that break lines or cannot be seen, other than those of ASCII: they are written as
/// escapes; not by YAML's letters for them, which some readers get wrong.
std::string_view escape_of(std::string_view character) {
    struct Escape {
        std::string_view character, text;
    };
    constexpr std::array escapes = {
        Escape{"\xC2\x85", "\\x85"},
        Escape{"\xC2\xA0", "\\xa0"},
        Escape{"\xE2\x80\xA8", "\\u2028"},
        Escape{"\xE2\x80\xA9", "\\u2029"},
        Escape{"\xEF\xBB\xBF", "\\uFEFF"},
        Escape{"\xEF\xBF\xBE", "\\uFFFE"},
        Escape{"\xEF\xBF\xBF", "\\uFFFF"},
    };
    for (const Escape& escape : escapes) {
        if (escape.character == character) {
            return escape.text;
        }
    }
    return {};
}

bool is_c1(std::string_view character) {
    return character.size() == 2 && character[0] == '\xC2' &&
           static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_ascii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\t':
            out += "\\t";
            break;
        case '\r':
            out += "\\r";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
            } else {
                out += c;
            }
    }
}

std::string double_quoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        const std::string_view character = text.substr(at, size);
        if (size == 0) {
            out += "\xEF\xBF\xBD";
        } else if (size == 1) {
            append_ascii(out, text[at]);
        } else if (const std::string_view escape = escape_of(character); !escape.empty()) {
            out += escape;
        } else if (is_c1(character)) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(character[1]));
        } else {
            out += character;
        }
        at += std::max<std::size_t>(size, 1);
    }
    return out + '"';
}

bool fits_block(std::string_view text) {
    if (text.find('\n') == std::string_view::npos ||
        text.find_first_not_of(" \t\n") == std::string_view::npos) {
        return false;
    }
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        const std::string_view character = text.substr(at, size);
        const auto c = static_cast<unsigned char>(text[at]);
        const bool is_control =
            (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F || is_c1(character);
        if (size == 0 || is_control || !escape_of(character).empty()) {
            return false;
        }
        at += size;
    }
    return true;
}

}  // namespace

std::string scalar(std::string_view text) {
    return is_plain(text) ? std::string(text) : double_quoted(text);
}

std::string block_scalar(std::string_view text, std::size_t indent) {
    if (!fits_block(text)) {
        return scalar(text);
    }
    std::string out = "|";
    if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t') {
        out += '2';
    }
    const bool ends_line = text.back() == '\n';
    if (!ends_line) {
        out += '-';
    } else if (text.ends_with("\n\n")) {
        out += '+';
    }
    const std::string margin(indent, ' ');
    for (const std::string_view line :
         split(ends_line ? text.substr(0, text.size() - 1) : text, '\n')) {
        out += '\n';
        if (!line.empty()) {
            out.append(margin).append(line);
        }
    }
    return out;
}

}  // namespace quern::yaml
