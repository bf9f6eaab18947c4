// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::yaml {

/// The first place where a text is not what YAML may hold.
struct BadByte {
    std::size_t offset = 0;
    std::size_t length = 1;
    std::string problem;
};

/// Nothing if `text` is UTF-8 without control characters but tab, line feed and carriage return.
std::optional<BadByte> find_bad_byte(std::string_view text);

/// A text with one kind of line end, and the way back to the places of the original.
class UnixLines {
 public:
    explicit UnixLines(std::string_view original);
    std::string_view text() const { return changed_ ? std::string_view(copy_) : original_; }
    std::size_t original_offset(std::size_t offset) const;

 private:
    std::string_view original_;
    std::string copy_;
    bool changed_ = false;
    std::vector<std::size_t>
        dropped_;  ///< offsets in the copy before which a byte is missing, ascending
};

}  // namespace quern::yaml
