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

/// From counted characters to bytes in a UTF-8 text, which must outlive it.
class CharacterOffsets {
 public:
    explicit CharacterOffsets(std::string_view text);
    /// Past the last character gives the size of the text.
    std::size_t byte(std::size_t character) const;

 private:
    std::string_view text_;
    std::vector<std::size_t> marks_;  ///< of every 64th character; empty if all are ASCII
};

}  // namespace quern::yaml
