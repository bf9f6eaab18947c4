// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace quern::recipe {

/// How the lines of a text end, for lines that are added to it: as Windows writes them if one does.
inline std::string_view line_break_of(std::string_view text) {
    return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

/// Offset of the first byte of the line in which `offset` lies.
inline std::size_t line_start_of(std::string_view text, std::size_t offset) {
    const std::size_t before = text.substr(0, offset).rfind('\n');
    return before == std::string_view::npos ? 0 : before + 1;
}

}  // namespace quern::recipe
