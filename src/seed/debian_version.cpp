// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/debian_names.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

// The upstream part is read word by word into numbers, an optional letter and an optional
// pre-release suffix; the revision into three numbers. See the header for the mapping. apk 2 reads
// no number of 18 digits or more, so numbers are cut to 17.

namespace quern::seed {

namespace {

constexpr std::size_t max_digits = 17;
constexpr std::size_t max_components = 12;
constexpr std::uint64_t nmu_step = 1'000'000;
constexpr std::uint64_t tilde_in_nmu = 990'000;       // above every release update of one NMU
constexpr std::uint64_t tilde_in_main = 100'000'000;  // above every NMU of one revision

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

std::string_view take_letters(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_letter);
    const std::string_view letters = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(letters.size());
    return letters;
}

/// Without leading zeros and cut to what apk reads.
std::string as_number(std::string_view digits) {
    while (digits.size() > 1 && digits.front() == '0') {
        digits.remove_prefix(1);
    }
    return std::string(digits.substr(0, max_digits));
}

std::uint64_t bounded_number(std::string_view digits, std::uint64_t highest) {
    return std::min(
        parse_unsigned(as_number(digits.empty() ? "0" : digits)).value_or(highest), highest
    );
}

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

struct Upstream {
    std::vector<std::string> numbers;
    std::string letter;
    std::string suffix;

    /// A number behind a letter has no place in the grammar: the letter becomes a number first.
    void add_number(std::string_view digits) {
        if (numbers.size() >= max_components) {
            return;
        }
        if (!letter.empty()) {
            numbers.push_back(std::to_string(letter.front() - 'a' + 1));
            letter.clear();
        }
        numbers.push_back(as_number(digits));
    }
    std::string to_string() const { return join(numbers, ".") + letter + suffix; }
};

/// A word of letters and the number behind it, introduced by `mark` (0 if none).
void take_word(
    Upstream& version, char mark, const std::string& word, std::string_view digits, bool is_last
) {
    static constexpr std::array<std::string_view, 4> pre_release = {"alpha", "beta", "pre", "rc"};
    static constexpr std::array<std::string_view, 7> repack = {
        "dfsg", "ds", "repack", "debian", "orig", "really", "stable"};
    if (is_one_of(word, pre_release)) {
        version.suffix = "_" + word + (digits.empty() ? std::string() : as_number(digits));
    } else if (is_one_of(word, repack)) {
        return;
    } else if (mark == '~') {
        version.suffix = "_alpha" + (digits.empty() ? std::string() : as_number(digits));
    } else if (mark == 0 && word.size() == 1 && digits.empty() && is_last && version.letter.empty()) {
        version.letter = word;
    } else if (!digits.empty()) {
        version.add_number(digits);
    }
}

std::string map_upstream(std::string_view text) {
    Upstream version;
    const std::string_view first = take_digits(text);
    version.add_number(first.empty() ? "0" : first);
    while (!text.empty() && version.suffix.empty()) {
        char mark = 0;
        while (!text.empty() && !is_digit(text.front()) && !is_letter(text.front())) {
            mark = mark == '~' ? mark : text.front();
            text.remove_prefix(1);
        }
        const std::string word = to_lower(take_letters(text));
        const std::string_view digits = take_digits(text);
        if (!word.empty()) {
            take_word(version, mark, word, digits, text.empty() || !is_letter(text.front()));
        } else if (!digits.empty() && mark == '~') {
            version.suffix = "_alpha" + as_number(digits);
        } else if (!digits.empty()) {
            version.add_number(digits);
        }
    }
    return version.to_string();
}

/// What stands behind the first number of a revision.
struct RevisionTail {
    std::uint64_t nmu = 0;
    std::uint64_t update = 0;  ///< release * 100 + update
    std::uint64_t rebuild = 0;
    bool is_below = false;  ///< introduced by '~'
};

/// `.1`, `+deb12u3`, `~deb12u1`, `+b2`, `+nmu1`, `~bpo12+1`, `ubuntu1.2` in any order; what is
/// unknown counts as an update.
RevisionTail parse_tail(std::string_view text) {
    RevisionTail tail;
    while (!text.empty()) {
        const char mark = is_letter(text.front()) || is_digit(text.front()) ? '\0' : text.front();
        text.remove_prefix(mark == 0 ? 0 : 1);
        const std::string word = to_lower(take_letters(text));
        const std::string_view digits = take_digits(text);
        if (digits.empty()) {
            continue;
        }
        if ((mark == '.' && word.empty() && tail.update == 0) || word == "nmu") {
            tail.nmu = bounded_number(digits, 99);
        } else if (word == "b" && mark == '+') {
            tail.rebuild = bounded_number(digits, 99);
        } else if (word == "u" || (tail.update != 0 && word.empty())) {
            tail.update = std::min<std::uint64_t>(tail.update + bounded_number(digits, 99), 9'899);
        } else {
            tail.update = std::min<std::uint64_t>(bounded_number(digits, 98) * 100, 9'899);
        }
        tail.is_below = tail.is_below || mark == '~';
    }
    return tail;
}

std::string map_revision(std::string_view text, bool has_revision) {
    std::uint64_t main = bounded_number(take_digits(text), 999'999'999);
    const RevisionTail tail = parse_tail(text);
    bool has_main = has_revision;
    std::uint64_t rest = tail.nmu * nmu_step + tail.update * 100 + tail.rebuild;
    if (tail.is_below && tail.nmu > 0) {
        rest = (tail.nmu - 1) * nmu_step + tilde_in_nmu + tail.update;
    } else if (tail.is_below) {
        has_main = has_main && main > 0;
        main -= has_main ? 1 : 0;
        rest = tilde_in_main + tail.update;
    }
    return has_main ? fmt::format("_p{}-r{}", main, rest) : fmt::format("-r{}", rest);
}

/// Where the tail of a native version ("12.4+deb12u5", "1.2+nmu1", "3.0+b1") starts; the end if it
/// has none.
std::size_t native_tail(std::string_view text) {
    for (const std::string_view mark : {"+deb", "+nmu", "+b"}) {
        const std::size_t found = text.find(mark);
        if (found != std::string_view::npos && found + mark.size() < text.size() &&
            is_digit(text[found + mark.size()])) {
            return found;
        }
    }
    return text.size();
}

}  // namespace

std::string map_version(std::string_view debian_version) {
    std::string_view text = trim(debian_version);
    if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        text.remove_prefix(colon + 1);
    }
    const std::size_t dash = text.rfind('-');
    if (dash != std::string_view::npos) {
        return map_upstream(text.substr(0, dash)) + map_revision(text.substr(dash + 1), true);
    }
    const std::size_t tail = native_tail(text);
    return map_upstream(text.substr(0, tail)) + map_revision(text.substr(tail), false);
}

}  // namespace quern::seed
