// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/lint/lint.hpp"

#include <string>
#include <vector>

namespace quern::package {

/// What was found in one package file.
struct LintedPackage {
    std::string identity;  ///< "hello-2.10-r0"
    std::string target;    ///< the file or URL as the user gave it
    std::vector<LintFinding> findings;
};

/// The file that --persist-lint-results writes; two spaces of indentation, newline at the end.
/// Source: recipe-and-build 9.4.
std::string to_persisted_json(const LintedPackage& package);
/// All packages as one JSON value on one line: [{package, target, findings: [{rule, level, message,
/// places, why, help}]}].
std::string to_json(const std::vector<LintedPackage>& packages);
/// All packages as a SARIF 2.1.0 log, for code hosts and editors. Source: OASIS sarif-v2.1.0.
std::string to_sarif(const std::vector<LintedPackage>& packages);

}  // namespace quern::package
