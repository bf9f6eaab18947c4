// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// A place in a text. Both count from 1; column counts Unicode code points, as editors do.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;

    friend auto operator<=>(const Position&, const Position&) = default;
};

/// Text under a name, kept for as long as any Span into it. The text is the text that was parsed:
/// it is never read again.
class SourceFile {
 public:
    /// `name` is shown in messages as the user typed it. A UTF-8 byte order mark at the start of
    /// `text` is dropped.
    SourceFile(std::string name, std::string text);
    SourceFile(const SourceFile&) = delete;
    SourceFile& operator=(const SourceFile&) = delete;
    ~SourceFile() = default;

    std::string_view name() const { return name_; }
    std::string_view text() const { return text_; }

    /// `offset` in bytes; past the end gives the end. A byte that is not UTF-8 counts as one
    /// column.
    Position position(std::size_t offset) const;
    /// Line `number` (from 1) without its line end; empty past the last line. Line ends are LF,
    /// CRLF and CR.
    std::string_view line(std::uint32_t number) const;
    std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }
    /// Byte offset of the first byte of line `number`.
    std::size_t line_start(std::uint32_t number) const;

 private:
    std::string name_;
    std::string text_;
    std::vector<std::size_t> line_starts_;
};

/// A byte range in a SourceFile. Copies are cheap: values carry a Span, never line and column.
struct Span {
    const SourceFile* file = nullptr;
    std::size_t begin = 0;
    std::size_t length = 0;
};

}  // namespace quern
