// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// One relation to a package or to a provided name: `name`, `!name`, `name>=1.2`, `name~1.2`,
/// `name@tag`, `so:libc.so.6`. Source: apk-tools 3.0.6 src/package.c apk_blob_pull_dep;
/// apk-format 6.
struct Dependency {
    /// Bits that are wanted of "available compared with version". With `fuzzy` equal means "as far
    /// as version goes": `~` is fuzzy|equal, `<~` fuzzy|equal|less, `>~` fuzzy|equal|greater.
    enum Match : unsigned { none = 0, equal = 1, less = 2, greater = 4, fuzzy = 8, any = 7 };

    std::string name;
    unsigned match =
        any;  ///< `any` with an empty version: no constraint. `><` (an exact identity) is checksum.
    std::string version;       ///< text after the operator; may be invalid (then never satisfied)
    std::string tag;           ///< after '@'; only in a world
    bool is_conflict = false;  ///< '!'
    bool is_identity = false;  ///< '><': version holds the Q1 checksum

    /// Nothing if there is no valid name or the operator is unknown.
    static std::optional<Dependency> parse(std::string_view text);
    /// A list separated by white space; nothing if one of them is wrong (its text goes to `wrong`).
    static std::optional<std::vector<Dependency>> parse_list(
        std::string_view text, std::string* wrong = nullptr
    );
    /// Inverts `parse`.
    std::string to_string() const;
    bool has_version() const { return !version.empty(); }
    /// Whether `available` satisfies operator and version; the name is not looked at, '!' neither.
    bool is_satisfied_by(std::string_view available) const;

    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// `[a-zA-Z0-9][a-zA-Z0-9._+-]*`, at most 255 bytes: what a package may be called (and a file name
/// made of).
bool is_package_name(std::string_view text);
/// Package names and provided names: also ':' '/' ',' '[' ']' and a leading '/' or '_' '.' as the
/// field uses them; no white space, control or operator byte.
bool is_dependency_name(std::string_view text);

}  // namespace quern::apk
