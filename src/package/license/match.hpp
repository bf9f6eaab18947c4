// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// A licence whose text, or notice, was found in a file.
struct LicenseMatch {
    std::string
        id;  ///< as LicenseReference::id: "GPL-2.0" where the text leaves later versions open
    /// Thousandths: twice the words in common (in the same order) by the words of both texts.
    int confidence = 0;
    std::size_t first_line = 0, last_line = 0;  ///< where the text stands; from 1
    std::size_t changed_words = 0;              ///< missing, added and replaced ones
    std::size_t change_line = 0;                ///< of the first of them; 0 if there are none

    bool is_certain() const { return confidence >= certain_confidence; }
    static constexpr int certain_confidence = 900;
    static constexpr int least_confidence = 750;
};

/// The licences of the common ones whose texts stand in `text`, in that order, each at its best
/// place. Time is bounded by the text's length, of which `largest_license_text` are read.
std::vector<LicenseMatch> match_licenses(std::string_view text);

/// Thousandths as people read them: "0.97".
std::string confidence_text(int confidence);

}  // namespace quern::package
