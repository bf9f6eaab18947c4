// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quern::package {

/// One word of a licence text after normalisation.
struct LicenseWord {
    std::uint16_t code = 0;    ///< stands for the word; two words share one by chance only
    std::uint32_t offset = 0;  ///< of its first byte in the text
};

/// The words of a text that count for licences: without case, punctuation, marks of comments and
/// lists, notices of copyright, and differences of spelling. Text beyond `largest_license_text` is
/// not read. Source: SPDX 2.3 annex B (matching guidelines).
std::vector<LicenseWord> license_words(std::string_view text);

inline constexpr std::size_t largest_license_text = 512 * 1024;

}  // namespace quern::package
