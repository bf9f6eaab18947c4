// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/place.hpp"

#include <algorithm>

namespace quern::yaml {

namespace {

/// Looking for a text in a scalar stops after so many bytes: a message must not cost more than the
/// work that found the mistake.
constexpr std::size_t search_limit = 256 * 1024;

std::string_view text_of(Span span) {
    const std::string_view text = span.file->text();
    const std::size_t begin = std::min(span.begin, text.size());
    return text.substr(begin, std::min(span.length, text.size() - begin));
}

std::size_t line_end(std::string_view text, std::size_t at) {
    return std::min(text.find_first_of("\r\n", at), text.size());
}

std::size_t after_line_end(std::string_view text, std::size_t at) {
    if (at < text.size() && text[at] == '\r') {
        ++at;
    }
    if (at < text.size() && text[at] == '\n') {
        ++at;
    }
    return at;
}

bool is_block(std::string_view raw) {
    return !raw.empty() && (raw.front() == '|' || raw.front() == '>');
}

struct Line {
    std::size_t begin = 0;  ///< of the content, behind the indentation
    std::size_t end = 0;
    bool exists = false;
};

/// Walks over the lines of a block scalar whose content starts at `at`.
class BlockLines {
 public:
    BlockLines(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    Line next() {
        if (at_ >= text_.size()) {
            return {};
        }
        const std::size_t end = line_end(text_, at_);
        const std::size_t content = std::min(text_.find_first_not_of(' ', at_), end);
        const std::size_t spaces = content - at_;
        const bool is_blank = content == end;
        if (!is_blank) {
            if (!indent_known_) {
                indent_ = spaces;
                indent_known_ = true;
            }
            if (spaces < indent_) {
                return {};
            }
        }
        const Line line{at_ + std::min(spaces, indent_known_ ? indent_ : spaces), end, true};
        at_ = after_line_end(text_, end);
        return line;
    }

 private:
    std::string_view text_;
    std::size_t at_;
    std::size_t indent_ = 0;
    bool indent_known_ = false;
};

std::size_t block_content(Span scalar) {
    const std::string_view text = scalar.file->text();
    return after_line_end(text, line_end(text, scalar.begin));
}

Span found_in(Span range, std::string_view needle) {
    const std::string_view raw = text_of(range).substr(0, search_limit);
    const std::size_t at = needle.empty() ? std::string_view::npos : raw.find(needle);
    return at == std::string_view::npos ? Span{}
                                        : Span{range.file, range.begin + at, needle.size()};
}

Span place_in_block(Span scalar, std::string_view value, std::size_t offset, std::size_t length) {
    const std::size_t line_start = value.rfind('\n', offset == 0 ? 0 : offset - 1);
    const std::size_t column =
        offset == 0 || line_start == std::string_view::npos ? offset : offset - line_start - 1;
    const auto number =
        std::count(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    BlockLines lines(scalar.file->text(), block_content(scalar));
    Line line = lines.next();
    for (auto i = number; i > 0 && line.exists; --i) {
        line = lines.next();
    }
    const std::string_view needle = value.substr(offset, length);
    if (line.exists) {
        const std::string_view written =
            scalar.file->text().substr(line.begin, line.end - line.begin);
        if (column <= written.size() && !needle.empty() &&
            written.substr(column).starts_with(needle)) {
            return {scalar.file, line.begin + column, needle.size()};
        }
        const Span line_span{scalar.file, line.begin, line.end - line.begin};
        if (const Span found = found_in(line_span, needle); found.file != nullptr) {
            return found;
        }
        if (const Span found = found_in(whole_scalar(scalar), needle); found.file != nullptr) {
            return found;
        }
        return line_span;
    }
    const Span found = found_in(whole_scalar(scalar), needle);
    return found.file != nullptr ? found : scalar;
}

}  // namespace

Span whole_scalar(Span scalar) {
    if (scalar.file == nullptr || !is_block(text_of(scalar))) {
        return scalar;
    }
    BlockLines lines(scalar.file->text(), block_content(scalar));
    std::size_t end = scalar.begin + scalar.length;
    for (Line line = lines.next(); line.exists; line = lines.next()) {
        end = std::max(end, line.end);
    }
    return {scalar.file, scalar.begin, end - scalar.begin};
}

Span place_in_scalar(Span scalar, std::string_view value, std::size_t offset, std::size_t length) {
    if (scalar.file == nullptr || scalar.length == 0) {
        return scalar;
    }
    offset = std::min(offset, value.size());
    length = std::min(length, value.size() - offset);
    const std::string_view raw = text_of(scalar);
    if (is_block(raw)) {
        return place_in_block(scalar, value, offset, length);
    }
    if (raw == value) {
        return {scalar.file, scalar.begin + offset, length};
    }
    if (raw.size() == value.size() + 2 && raw.substr(1, value.size()) == value) {
        return {scalar.file, scalar.begin + 1 + offset, length};
    }
    const Span found = found_in(scalar, value.substr(offset, length));
    return found.file != nullptr ? found : scalar;
}

Span key_before(std::string_view key, Span value) {
    if (value.file == nullptr || key.empty()) {
        return value;
    }
    constexpr std::size_t farthest = 1024;
    const std::string_view text = value.file->text();
    const std::size_t end = std::min(value.begin, text.size());
    const std::size_t begin = end - std::min(end, key.size() + farthest);
    const std::size_t at = text.substr(begin, end - begin).rfind(key);
    return at == std::string_view::npos ? value : Span{value.file, begin + at, key.size()};
}

}  // namespace quern::yaml
