// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace quern::apk {

/// A package version: `1.2.3_rc1-r4`. Keeps its text; compares as apk-tools 3 does.
/// Source: apk-tools 3.0.6 src/version.c apk_version_compare; ../shared spec apk-format 5.
class Version {
 public:
    Version() = default;
    /// Nothing if the text is not a version by the grammar of apk-tools 3.
    static std::optional<Version> parse(std::string_view text);

    const std::string& to_string() const { return text_; }
    bool is_empty() const { return text_.empty(); }

    friend std::strong_ordering operator<=>(const Version& a, const Version& b);
    friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

 private:
    explicit Version(std::string_view text) : text_(text) {}
    std::string text_;
};

/// Total order of any two texts as apk-tools compares them; invalid ones are where apk-tools puts
/// them.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);
/// True if `text` is a version by the grammar of apk-tools 3; the same answer as Version::parse
/// without a copy.
bool is_valid_version(std::string_view text);
/// As `compare_versions`, but equal as soon as `wanted` has ended (apk-format 6, `~ <~ >~`).
std::strong_ordering compare_versions_fuzzily(std::string_view available, std::string_view wanted);
/// The `~` relation: `available` equals `wanted` as far as `wanted` goes (apk-format 6).
bool matches_fuzzily(std::string_view available, std::string_view wanted);
/// True for versions that a recipe may have, without -rN (recipe-and-build 6.1): at most one of
/// _alpha _beta _pre _rc, then at most one of _cvs _svn _git _hg _p, no number of 18 digits or more
/// (apk 2 reads none). `with_revision` also takes a trailing -rN.
bool is_recipe_version(std::string_view text, bool with_revision = true);

}  // namespace quern::apk
