// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// One licence of an expression: "GPL-2.0+ WITH Classpath-exception-2.0".
struct SpdxLicense {
    std::string document;   ///< "other" of "DocumentRef-other:LicenseRef-Own"; else empty
    std::string id;         ///< as the list spells it, or "LicenseRef-…" as written
    bool or_later = false;  ///< a `+` that is not part of the id
    std::string exception;  ///< what follows WITH, as the list spells it; may be empty

    bool is_reference() const { return id.starts_with("LicenseRef-"); }
    bool operator==(const SpdxLicense&) const = default;
};

/// A licence expression as a tree. Invariants: a `license` has no parts; the others have two or
/// more, none of their own kind. Source: SPDX 2.3 annex D.
struct SpdxExpression {
    enum class Kind { license, all_of, any_of };
    Kind kind = Kind::license;
    SpdxLicense license;                ///< of a `license`
    std::vector<SpdxExpression> parts;  ///< joined with AND or OR

    bool operator==(const SpdxExpression&) const = default;
};

/// What is wrong with an expression, and where in its text.
struct SpdxProblem {
    std::size_t offset = 0;  ///< bytes
    std::size_t length = 0;  ///< bytes; 0 at the end of the text
    std::string message;     ///< "'GPL-9' is not on the SPDX licence list"
    std::string help;        ///< "did you mean …?"; may be empty
};

/// An expression, or all that is wrong with it.
struct SpdxParse {
    std::optional<SpdxExpression> expression;  ///< none if there are problems
    std::vector<SpdxProblem> problems;         ///< in the order of the text
    std::vector<SpdxProblem> deprecated;       ///< identifiers that SPDX advises against
};

/// Texts beyond this, and brackets deeper than the second, are no expressions.
inline constexpr std::size_t largest_spdx_expression = 64 * 1024;
inline constexpr int deepest_spdx_expression = 100;

/// Reads an expression over the SPDX lists. Identifiers are matched in any case, operators are AND,
/// OR and WITH or the same in small letters. AND binds tighter than OR.
SpdxParse parse_spdx_expression(std::string_view text);

/// The inverse: brackets only where they are needed.
std::string to_string(const SpdxLicense& license);
std::string to_string(const SpdxExpression& expression);

/// The licences that an expression names, in order, each as often as it stands there.
std::vector<SpdxLicense> licenses_of(const SpdxExpression& expression);

}  // namespace quern::package
