// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/field_rules.hpp"

#include "support/digest.hpp"

#include <algorithm>
#include <cstddef>

namespace quern::apk {

namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool consists_of(std::string_view text, std::string_view signs) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || signs.find(c) != std::string_view::npos;
    });
}

bool is_control(char c) {
    return (c >= '\0' && c < ' ') || c == '\x7f';
}

}  // namespace

bool is_path_safe_version(std::string_view text) {
    return !text.empty() && text.size() <= 255 && is_alphanumeric(text.front()) &&
           consists_of(text, "._+~-");
}

bool is_architecture_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '.' && consists_of(text, "_.-");
}

bool is_key_file_name(std::string_view text) {
    return !text.empty() && text.size() <= 255 && text != "." && text != ".." &&
           text.find('/') == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), is_control);
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

std::string fold_lines(std::string_view text) {
    constexpr std::string_view breaks = "\t\n\v\f\r";
    constexpr std::string_view blanks = " \t\n\v\f\r";
    std::string folded;
    folded.reserve(text.size());
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find_first_of(blanks), text.size());
        folded.append(text.substr(0, plain));
        text.remove_prefix(plain);
        const std::string_view gap =
            text.substr(0, std::min(text.find_first_not_of(blanks), text.size()));
        text.remove_prefix(gap.size());
        if (gap.find_first_of(breaks) == std::string_view::npos) {
            folded.append(gap);
        } else if (!folded.empty() && !text.empty()) {
            folded.push_back(' ');
        }
    }
    return folded;
}

std::vector<std::string> split_relations(std::string_view text) {
    std::vector<std::string> words;
    if (text.empty()) {
        return words;
    }
    words.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1);
    for_each_word(text, [&words](std::string_view word) { words.emplace_back(word); });
    return words;
}

std::optional<std::string> parse_checksum(std::string_view text) {
    if (text.starts_with("Q1")) {
        const auto digest = Digest::from_base64(DigestKind::sha1, text.substr(2));
        return digest ? std::optional<std::string>(text) : std::nullopt;
    }
    if (text.starts_with("X1")) {
        const auto digest = Digest::from_hex(DigestKind::sha1, text.substr(2));
        return digest ? std::optional<std::string>("Q1" + digest->base64()) : std::nullopt;
    }
    return std::string();
}

bool is_checksum(std::string_view text) {
    // 20 bytes are 27 digits, of which the last has two bits that encode nothing, and a sign.
    constexpr std::size_t usual_size = 30;
    constexpr std::string_view last_digits = "AEIMQUYcgkosw048";
    return (text.size() == usual_size && text.starts_with("Q1") && text.back() == '=' &&
            last_digits.find(text[usual_size - 2]) != std::string_view::npos &&
            consists_of(text.substr(2, usual_size - 3), "+/")) ||
           parse_checksum(text).has_value();
}

}  // namespace quern::apk
