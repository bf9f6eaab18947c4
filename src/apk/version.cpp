// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A version is read as a row of tokens, one at a time and without a copy: comparing is in the inner
// loop of the resolver. Two versions are walked side by side as long as their tokens are of one
// kind and equal; what differs first decides (apk-format 5, "v3 algorithm").
#include "quern/version.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace quern::apk {

namespace {

/// In the order by which apk ranks a token when the other version has one of another kind at this
/// place.
enum class Kind {
    first_number,
    number,
    letter,
    suffix,
    suffix_number,
    hash,
    revision,
    end,
    invalid
};

/// Lowest first. Those before `first_post_suffix` make a version lower than it is without them.
constexpr std::array<std::string_view, 9> suffixes = {
    "alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"};
constexpr std::size_t first_post_suffix = 4;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_lower_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// Where a walk over a version stands.
struct Cursor {
    std::string_view rest;  ///< behind the token
    Kind kind = Kind::invalid;
    std::string_view text;   ///< of the token: digits, a letter, or a hash
    std::size_t suffix = 0;  ///< rank in `suffixes`

    explicit Cursor(std::string_view version) : rest(version) {
        take(Kind::first_number, is_digit);
    }

    void next();

 private:
    template <typename Predicate>
    void take(Kind taken, Predicate belongs) {
        std::size_t length = 0;
        while (length < rest.size() && belongs(rest[length])) {
            ++length;
        }
        text = rest.substr(0, length);
        rest.remove_prefix(length);
        kind = length == 0 ? Kind::invalid : taken;
    }
    void take_suffix();
    void take_after_mark(char mark);
};

void Cursor::next() {
    if (kind >= Kind::end) {
        return;
    }
    if (rest.empty()) {
        kind = Kind::end;
        return;
    }
    const char mark = rest.front();
    if (is_lower(mark)) {
        const bool fits = kind <= Kind::number;
        text = rest.substr(0, 1);
        rest.remove_prefix(1);
        kind = fits ? Kind::letter : Kind::invalid;
    } else if (is_digit(mark)) {
        if (kind == Kind::suffix) {
            take(Kind::suffix_number, is_digit);
        } else {
            kind = Kind::invalid;
        }
    } else {
        take_after_mark(mark);
    }
}

void Cursor::take_after_mark(char mark) {
    const Kind before = kind;
    rest.remove_prefix(1);
    kind = Kind::invalid;
    if (mark == '.' && before <= Kind::number) {
        take(Kind::number, is_digit);
    } else if (mark == '_' && before <= Kind::suffix_number) {
        take_suffix();
    } else if (mark == '~' && before < Kind::hash) {
        take(Kind::hash, is_lower_hex);
    } else if (mark == '-' && before < Kind::revision && rest.starts_with('r')) {
        rest.remove_prefix(1);
        take(Kind::revision, is_digit);
    }
}

void Cursor::take_suffix() {
    take(Kind::suffix, is_lower);
    for (suffix = 0; suffix < suffixes.size(); ++suffix) {
        if (suffixes[suffix] == text) {
            return;
        }
    }
    kind = Kind::invalid;
}

/// Digits as a number of any length: what does not fit 64 bits must not wrap round.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) {
        return a.size() <=> b.size();
    }
    return a <=> b;
}

/// Both tokens are of the same kind.
std::strong_ordering compare_tokens(const Cursor& a, const Cursor& b) {
    switch (a.kind) {
        case Kind::number:
            // A component with a leading zero is a fraction's digits: 1.05 is below 1.1.
            if (a.text.starts_with('0') || b.text.starts_with('0')) {
                return a.text <=> b.text;
            }
            return compare_numbers(a.text, b.text);
        case Kind::first_number:
        case Kind::suffix_number:
        case Kind::revision:
            return compare_numbers(a.text, b.text);
        case Kind::suffix:
            return a.suffix <=> b.suffix;
        case Kind::letter:
        case Kind::hash:
            return a.text <=> b.text;
        case Kind::end:
        case Kind::invalid:
            break;
    }
    return std::strong_ordering::equal;
}

bool is_pre_release(const Cursor& cursor) {
    return cursor.kind == Kind::suffix && cursor.suffix < first_post_suffix;
}

/// One version goes on where the other has something else or ends.
std::strong_ordering compare_kinds(const Cursor& a, const Cursor& b) {
    if (is_pre_release(a)) {
        return std::strong_ordering::less;
    }
    if (is_pre_release(b)) {
        return std::strong_ordering::greater;
    }
    return b.kind <=> a.kind;
}

/// With `fuzzy`, equal as soon as `b` is at its end.
std::strong_ordering compare(std::string_view left, std::string_view right, bool fuzzy) {
    Cursor a(left);
    Cursor b(right);
    while (a.kind == b.kind && a.kind < Kind::end) {
        if (const auto order = compare_tokens(a, b); order != 0) {
            return order;
        }
        a.next();
        b.next();
    }
    if (fuzzy && b.kind == Kind::end) {
        return std::strong_ordering::equal;
    }
    return compare_kinds(a, b);
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
    if (!is_valid_version(text)) {
        return std::nullopt;
    }
    return Version(text);
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
    return compare(a.text_, b.text_, false);
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
    return compare(a, b, false);
}

std::strong_ordering compare_versions_fuzzily(std::string_view available, std::string_view wanted) {
    return compare(available, wanted, true);
}

bool matches_fuzzily(std::string_view available, std::string_view wanted) {
    return compare(available, wanted, true) == 0;
}

bool is_valid_version(std::string_view text) {
    Cursor cursor(text);
    while (cursor.kind < Kind::end) {
        cursor.next();
    }
    return cursor.kind == Kind::end;
}

bool is_recipe_version(std::string_view text, bool with_revision) {
    // apk 2 reads no number of 18 digits or more. Source: apk-format 5.
    constexpr std::size_t longest_number = 17;
    bool pre = false;
    bool post = false;
    Cursor cursor(text);
    for (; cursor.kind < Kind::end; cursor.next()) {
        if (cursor.kind == Kind::hash || (cursor.kind == Kind::revision && !with_revision)) {
            return false;
        }
        if (cursor.kind == Kind::suffix) {
            if (post || (pre && is_pre_release(cursor))) {
                return false;
            }
            (is_pre_release(cursor) ? pre : post) = true;
        } else if (cursor.text.size() > longest_number) {
            return false;
        }
    }
    return cursor.kind == Kind::end;
}

}  // namespace quern::apk
