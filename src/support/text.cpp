// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace quern {

namespace {

constexpr std::string_view white_space = " \t\r\n";

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none. Source: RFC
/// 3629 section 4.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto is_between = [&](std::size_t i, unsigned low, unsigned high) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80U) {
        return text.empty() ? 0 : 1;
    }
    if (lead >= 0xC2U && lead <= 0xDFU) {
        return is_between(1, 0x80, 0xBF) ? 2 : 0;
    }
    if (lead >= 0xE0U && lead <= 0xEFU) {
        const unsigned low = lead == 0xE0U ? 0xA0U : 0x80U;
        const unsigned high = lead == 0xEDU ? 0x9FU : 0xBFU;  // no surrogates
        return is_between(1, low, high) && is_between(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (lead >= 0xF0U && lead <= 0xF4U) {
        const unsigned low = lead == 0xF0U ? 0x90U : 0x80U;
        const unsigned high = lead == 0xF4U ? 0x8FU : 0xBFU;
        const bool is_tail_good = is_between(2, 0x80, 0xBF) && is_between(3, 0x80, 0xBF);
        return is_between(1, low, high) && is_tail_good ? 4 : 0;
    }
    return 0;
}

/// Sequences that change how the text around them looks: C1 controls, line separators,
/// bidirectional overrides and marks.
bool is_deceptive(std::string_view sequence) {
    if (sequence.size() == 2) {
        return sequence < "\xC2\xA0" || sequence == "\xD8\x9C";  // up to U+009F, U+061C
    }
    const bool is_mark = sequence >= "\xE2\x80\x8E" && sequence <= "\xE2\x80\x8F";      // U+200E-F
    const bool is_override = sequence >= "\xE2\x80\xA8" && sequence <= "\xE2\x80\xAE";  // U+2028-E
    const bool is_isolate = sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9";   // U+2066-9
    return sequence.size() == 3 && (is_mark || is_override || is_isolate);
}

bool is_shown_as_it_is(std::string_view sequence, bool keep_lines) {
    if (sequence.size() > 1) {
        return !is_deceptive(sequence);
    }
    const auto byte = static_cast<unsigned char>(sequence.front());
    if (byte == '\n' || byte == '\t') {
        return keep_lines;
    }
    return byte >= 0x20U && byte < 0x7FU;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t begin = text.find_first_not_of(white_space);
    while (begin != std::string_view::npos) {
        const std::size_t end = text.find_first_of(white_space, begin);
        words.push_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(white_space, end);
    }
    return words;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    if (from.empty()) {
        return text;
    }
    std::string result;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t found = text.find(from, begin);
        result.append(text, begin, found - begin);
        if (found == std::string::npos) {
            return result;
        }
        result += to;
        begin = found + from.size();
    }
}

std::string to_lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return result;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    return parse_number<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_signed(std::string_view text) {
    return parse_number<std::int64_t>(text);
}

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
    const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (difference > limit) {
        return limit + 1;
    }
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        std::size_t smallest = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);  // two neighbours swapped
            }
            smallest = std::min(smallest, row[j]);
        }
        if (smallest > limit) {
            return limit + 1;
        }
        before_last.swap(last);
        last.swap(row);
    }
    return std::min(last[b.size()], limit + 1);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    // One slip in a short word, one in three letters up to three in a longer one: more would be
    // another word.
    const std::size_t limit = std::clamp<std::size_t>(word.size() / 3, 1, 3);
    const std::string lower_word = to_lower(word);
    std::string_view best;
    std::size_t best_distance = limit + 1;
    for (const std::string_view candidate : candidates) {
        std::size_t distance = edit_distance(word, candidate, limit);
        if (distance > limit && candidate.size() == word.size() &&
            to_lower(candidate) == lower_word) {
            distance = limit;
        }
        if (distance >= std::max(word.size(), candidate.size())) {
            continue;  // nothing in common
        }
        const bool is_better = distance < best_distance;
        if (is_better || (distance == best_distance && distance <= limit && candidate < best)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string printable(std::string_view text, bool keep_lines) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
        text.remove_prefix(sequence.size());
        if (length != 0 && is_shown_as_it_is(sequence, keep_lines)) {
            result += sequence;
            continue;
        }
        for (const char c : sequence) {
            fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return result;
}

std::string shell_quote(std::string_view word) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+:,./-";
    const bool is_option = word.starts_with('-');  // "a=b" alone would be an assignment
    const bool is_plain = std::all_of(word.begin(), word.end(), [&](char c) {
        return plain.find(c) != std::string_view::npos || (is_option && c == '=');
    });
    if (is_plain && !word.empty()) {
        return std::string(word);
    }
    return "'" + replace_all(std::string(word), "'", "'\\''") + "'";
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, units.at(unit));
}

std::string redact_url(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) {
        return std::string(url);
    }
    const std::size_t authority = scheme + 3;
    const std::size_t path = std::min(url.find_first_of("/?#", authority), url.size());
    const auto at = url.substr(0, path).rfind('@');
    const std::size_t host = at == std::string_view::npos || at < authority ? authority : at + 1;
    const auto fragment = std::min(url.find('#', path), url.size());
    const auto query = std::min(url.find('?', path), fragment);
    std::string result =
        fmt::format("{}{}", url.substr(0, authority), url.substr(host, query - host));
    if (query < fragment) {
        char separator = '?';
        for (const auto part : split(url.substr(query + 1, fragment - query - 1), '&')) {
            const auto equals = part.find('=');
            const auto name =
                equals == std::string_view::npos ? part.substr(0, 0) : part.substr(0, equals + 1);
            result += fmt::format("{}{}***", separator, name);
            separator = '&';
        }
    }
    result += url.substr(fragment);
    return result;
}

}  // namespace quern
