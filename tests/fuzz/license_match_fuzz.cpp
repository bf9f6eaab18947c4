// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/match.hpp"
#include "package/license/words.hpp"
#include "quern/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace quern::package;

/// Words lie in the text, one behind the other; matches too, and their numbers make sense.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::size_t last = 0;
    for (const LicenseWord& word : license_words(text)) {
        QUERN_ASSERT(word.offset >= last && word.offset < size);
        last = word.offset;
    }
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const LicenseMatch& match : match_licenses(text)) {
        QUERN_ASSERT(
            match.confidence >= LicenseMatch::least_confidence && match.confidence <= 1'000
        );
        QUERN_ASSERT(match.first_line >= 1 && match.first_line <= match.last_line);
        QUERN_ASSERT(match.last_line <= lines && match.change_line <= match.last_line);
        QUERN_ASSERT((match.changed_words == 0) == (match.change_line == 0));
    }
    return 0;
}
