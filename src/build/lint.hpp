// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/output.hpp"
#include "package/subject.hpp"

#include <vector>

namespace quern {
class Diagnostics;
}

namespace quern::build {

/// Reports names in checks.disabled that are no linters, each at its place.
void check_disabled_linters(const recipe::Configuration& configuration, Diagnostics& diagnostics);

/// The `uses` of the steps at the top of a test, which some linters want to see.
std::vector<std::string> test_pipelines(const recipe::Test* test);

/// Runs the linters over every package and reports all that they find; with --persist-lint-results,
/// findings are also kept in
/// `<out>/<architecture>/lint-<package>-<version>.json`. Errors: invalid_recipe if a required
/// linter found something; io.
Result<void> lint_all(
    const std::vector<Output>& outputs,
    const std::vector<package::Subject>& subjects,
    const PackContext& context,
    const Services& services
);

}  // namespace quern::build
