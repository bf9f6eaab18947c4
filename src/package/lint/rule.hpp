// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/lint/lint.hpp"

namespace quern::package {

struct LintContext {
    const Subject& subject;
    std::span<const Subject> recipe;  ///< the subject and its siblings
    const LintOptions& options;

    bool uses_test(std::string_view pipeline) const;
};

/// Judges one entry of a package; for rules that list files.
using EntryTest = bool (*)(const archive::TarEntry& entry, const LintContext& context);
/// Judges a whole package. Gives places; `message` replaces the one made of `finds`.
using PackageTest = std::vector<LintPlace> (*)(const LintContext& context, std::string& message);

/// A rule: exactly one of the two tests is given.
struct LintRule {
    LintRuleText text;
    std::vector<std::string_view>
        exempt_names;  ///< ends of package names that the rule does not look at
    EntryTest entry_test = nullptr;
    PackageTest package_test = nullptr;
};

/// The table, sorted by id.
const std::vector<LintRule>& lint_rule_table();

/// Everything but directories.
bool is_lint_file(const archive::TarEntry& entry);

// path_rules.cpp
bool is_in_temporary_directory(const archive::TarEntry& entry, const LintContext& context);
bool is_outside_merged_usr(const archive::TarEntry& entry, const LintContext& context);
bool is_manual_or_info(const archive::TarEntry& entry, const LintContext& context);
bool is_documentation(const archive::TarEntry& entry, const LintContext& context);
bool is_cuda_runtime(const archive::TarEntry& entry, const LintContext& context);
bool is_untested_library(const archive::TarEntry& entry, const LintContext& context);
bool is_stray_document(const archive::TarEntry& entry, const LintContext& context);
std::vector<LintPlace> special_modes(const LintContext& context, std::string& message);
std::vector<LintPlace> world_writable(const LintContext& context, std::string& message);
std::vector<LintPlace> foreign_architectures(const LintContext& context, std::string& message);
std::vector<LintPlace> foreign_platforms(const LintContext& context, std::string& message);
std::vector<LintPlace> empty_package(const LintContext& context, std::string& message);
// elf_rules.cpp
std::vector<LintPlace> unsupported_machines(const LintContext& context, std::string& message);
std::vector<LintPlace> unstripped(const LintContext& context, std::string& message);
std::vector<LintPlace> stray_search_paths(const LintContext& context, std::string& message);
std::vector<LintPlace> unhardened(const LintContext& context, std::string& message);
// content_rules.cpp
std::vector<LintPlace> duplicates(const LintContext& context, std::string& message);
std::vector<LintPlace> build_paths(const LintContext& context, std::string& message);
std::vector<LintPlace> private_keys(const LintContext& context, std::string& message);
std::vector<LintPlace> late_times(const LintContext& context, std::string& message);
// python_rules.cpp
std::vector<LintPlace> python_documentation(const LintContext& context, std::string& message);
std::vector<LintPlace> python_tests(const LintContext& context, std::string& message);
std::vector<LintPlace> python_packages(const LintContext& context, std::string& message);
// sibling_rules.cpp
std::vector<LintPlace> dangling_links(const LintContext& context, std::string& message);
std::vector<LintPlace> link_loops(const LintContext& context, std::string& message);
std::vector<LintPlace> conflicts(const LintContext& context, std::string& message);

}  // namespace quern::package
