// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/subject.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

enum class LintLevel { off, warn, require };

/// One place that a rule found, with what the rule has to say of it.
struct LintPlace {
    std::string path;
    std::string note;  ///< architecture, platform, target of a link: whatever the rule is about;
                       ///< may be empty
    std::uint32_t mode = 0;  ///< rules about modes only
    std::uint64_t size = 0;  ///< duplicates only: bytes
    std::size_t group = 0;   ///< duplicates only: places of one group are the same file
};

/// What one rule found in one package.
struct LintFinding {
    std::string_view rule;
    LintLevel level = LintLevel::warn;
    std::string message;            ///< one line, without the places
    std::vector<LintPlace> places;  ///< in walk order; may be empty
};

/// What a user is told about a rule.
struct LintRuleText {
    std::string_view id;
    LintLevel level = LintLevel::warn;  ///< where no flag says otherwise
    std::string_view finds;             ///< completes "N files ": "below dev/"
    std::string_view why;
    std::string_view mend;
};

/// All rules in the order of their ids.
std::vector<LintRuleText> lint_rules();
/// The rule with this id, or nothing.
std::optional<LintRuleText> find_lint_rule(std::string_view id);

/// Which rules fail a package and which only warn.
struct LintSets {
    std::set<std::string, std::less<>> required;
    std::set<std::string, std::less<>> warned;

    static LintSets defaults();
    /// A list that is not empty replaces the default set. Errors: usage (an unknown rule, with the
    /// nearest that is known).
    static Result<LintSets> choose(
        const std::vector<std::string>& require, const std::vector<std::string>& warn
    );
    /// The sets of one package: what its checks.disabled names warns instead of failing. Unknown
    /// names are passed over.
    LintSets without(const std::vector<recipe::Text>& disabled) const;
};

/// What rules know besides the files.
struct LintOptions {
    LintSets sets;
    std::vector<std::string>
        test_pipelines;                 ///< `uses` of the steps at the top of the package's test
    std::vector<std::string> replaces;  ///< names that the package may overwrite files of
    std::int64_t source_date = 0;       ///< Unix seconds
};

/// Runs the rules of the sets over `recipe[index]`; the others are its siblings, as far as they are
/// known. Findings are sorted by rule. A pure function of its arguments. Source:
/// recipe-and-build 9.
std::vector<LintFinding> lint(
    std::span<const Subject> recipe, std::size_t index, const LintOptions& options
);

/// One line for people: the message and the first places: "2 files below opt/: opt/a, opt/b".
std::string to_string(const LintFinding& finding);

}  // namespace quern::package
