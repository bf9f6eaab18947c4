// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/step_log.hpp"
#include "build/workspace.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"
#include "quern/sandbox.hpp"

#include <string>

namespace quern::build {

/// What the steps of one build share.
struct ExecuteContext {
    const BuildOptions& options;
    const recipe::Configuration& configuration;
    const sandbox::Guest& guest;
    const Workspace& workspace;
    StepLog& log;
};

/// The script as the guest's shell gets it. Source: recipe-and-build 4.4.
std::string shell_script(const pipeline::Step& step, bool debug);

/// The environment of a step, sorted by name. Source: recipe-and-build 4.4.
std::vector<std::pair<std::string, std::string>> step_environment(
    const pipeline::Step& step, const recipe::Configuration& configuration, std::int64_t source_date
);

/// Runs the linker's cache builder of the guest, if it has one (recipe-and-build 12.2).
Result<void> prepare_guest(const sandbox::Guest& guest, const Services& services);

/// Runs all steps of one package in order. Errors: step_failed with the last lines, the place in
/// the recipe and the next move; interrupted; limit.
Result<void> execute(
    const pipeline::PackagePlan& plan, const ExecuteContext& context, const Services& services
);

}  // namespace quern::build
