// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/source_file.hpp"

#include <algorithm>
#include <utility>

namespace quern {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string without_byte_order_mark(std::string text) {
    if (text.starts_with(byte_order_mark)) {
        text.erase(0, byte_order_mark.size());
    }
    return text;
}

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Bytes of the code point that starts at `text[0]`; 1 for a byte that starts none.
std::size_t code_point_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (lead >= 0xC2U && lead <= 0xDFU) {
        length = 2;
    } else if (lead >= 0xE0U && lead <= 0xEFU) {
        length = 3;
    } else if (lead >= 0xF0U && lead <= 0xF4U) {
        length = 4;
    }
    if (length > text.size()) {
        return 1;
    }
    const auto rest = text.substr(1, length - 1);
    return std::all_of(rest.begin(), rest.end(), is_continuation) ? length : 1;
}

}  // namespace

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(without_byte_order_mark(std::move(text))) {
    line_starts_.push_back(0);
    for (std::size_t i = 0; i < text_.size(); ++i) {
        const bool is_lone_cr = text_[i] == '\r' && (i + 1 == text_.size() || text_[i + 1] != '\n');
        if (text_[i] == '\n' || is_lone_cr) {
            line_starts_.push_back(i + 1);
        }
    }
}

Position SourceFile::position(std::size_t offset) const {
    offset = std::min(offset, text_.size());
    const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const std::size_t start = *(after - 1);
    Position position;
    position.line = static_cast<std::uint32_t>(after - line_starts_.begin());
    const std::string_view text = text_;
    for (std::size_t i = start; i < offset;) {
        i += code_point_length(text.substr(i));
        if (i <= offset) {
            ++position.column;  // an offset inside a code point is in its column
        }
    }
    return position;
}

std::string_view SourceFile::line(std::uint32_t number) const {
    if (number == 0 || number > line_starts_.size()) {
        return {};
    }
    const std::size_t begin = line_starts_[number - 1];
    std::size_t end = number < line_starts_.size() ? line_starts_[number] : text_.size();
    if (number < line_starts_.size()) {
        --end;
        if (text_[end] == '\n' && end > begin && text_[end - 1] == '\r') {
            --end;
        }
    }
    return std::string_view(text_).substr(begin, end - begin);
}

std::size_t SourceFile::line_start(std::uint32_t number) const {
    if (number == 0) {
        return 0;
    }
    return number <= line_starts_.size() ? line_starts_[number - 1] : text_.size();
}

}  // namespace quern
