// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/reporter_output.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace quern {

namespace {

constexpr char escape = '\x1b';
constexpr char bell = '\x07';
constexpr std::size_t longest_line = 8192;

/// Bytes of the escape sequence at the start of `text`. Source: ECMA-48 section 5.4 (CSI) and 5.6
/// (strings).
std::size_t escape_length(std::string_view text) {
    if (text.size() < 2) {
        return text.size();
    }
    if (text[1] == '[') {
        const auto is_final = [](char c) { return c >= '@' && c <= '~'; };
        const auto* const end = std::find_if(text.begin() + 2, text.end(), is_final);
        return static_cast<std::size_t>(end - text.begin()) + (end == text.end() ? 0 : 1);
    }
    if (std::string_view("]P^_X").find(text[1]) != std::string_view::npos) {
        const std::size_t end = text.find_first_of("\x07\x1b", 2);
        if (end == std::string_view::npos) {
            return text.size();
        }
        return text[end] == bell ? end + 1 : std::min(end + 2, text.size());
    }
    return 2;
}

bool is_colour(std::string_view sequence) {
    return sequence.size() > 2 && sequence[1] == '[' && sequence.back() == 'm' &&
           sequence.find_first_not_of("0123456789;", 2) == sequence.size() - 1;
}

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::string strip_escapes(std::string_view text, bool keep_colour) {
    std::string result;
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find(escape), text.size());
        result += printable(replace_all(std::string(text.substr(0, plain)), "\r", ""), true);
        text.remove_prefix(plain);
        const std::string_view sequence = text.substr(0, text.empty() ? 0 : escape_length(text));
        if (keep_colour && is_colour(sequence)) {
            result += sequence;
        }
        text.remove_prefix(sequence.size());
    }
    return result;
}

std::string elide_middle(std::string_view text, std::size_t width) {
    constexpr std::string_view ellipsis = "...";
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!is_continuation(text[i])) {
            starts.push_back(i);
        }
    }
    if (starts.size() <= width) {
        return std::string(text);
    }
    if (width <= ellipsis.size()) {
        return std::string(text.substr(0, starts[width]));
    }
    const std::size_t kept = width - ellipsis.size();
    const std::size_t front = starts[(kept + 1) / 2];
    const std::size_t back = kept < 2 ? text.size() : starts[starts.size() - kept / 2];
    return fmt::format("{}{}{}", text.substr(0, front), ellipsis, text.substr(back));
}

std::string describe_progress(std::uint64_t done, std::uint64_t total, std::string_view unit) {
    constexpr double mebibyte = 1 << 20U;
    const double share = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
    const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100);
    if (unit != "B") {
        return total == 0 ? fmt::format("{} {}", done, unit)
                          : fmt::format("{}% {}/{} {}", percent, done, total, unit);
    }
    const double done_size = static_cast<double>(done) / mebibyte;
    if (total == 0) {
        return fmt::format("{:.1f} MiB", done_size);
    }
    const double total_size = static_cast<double>(total) / mebibyte;
    return fmt::format("{}% {:.1f}/{:.1f} MiB", percent, done_size, total_size);
}

void StepLines::feed(std::string_view step, std::string_view bytes, const Line& line) {
    auto found = partial_.find(step);
    if (found == partial_.end()) {
        found = partial_.emplace(step, "").first;
    }
    std::string& partial = found->second;
    while (!bytes.empty()) {
        const std::size_t room = longest_line - partial.size();
        const std::size_t end = bytes.substr(0, room).find('\n');
        const bool is_whole = end != std::string_view::npos;
        const std::string_view piece = bytes.substr(0, is_whole ? end : room);
        partial += piece;
        bytes.remove_prefix(piece.size() + (is_whole ? 1 : 0));
        if (is_whole || partial.size() == longest_line) {
            line(step, partial);
            partial.clear();
        }
    }
}

void StepLines::flush(const Line& line) {
    for (const auto& [step, partial] : partial_) {
        if (!partial.empty()) {
            line(step, partial);
        }
    }
    partial_.clear();
}

}  // namespace quern
