// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/guest_caches.hpp"
#include "build/named_caches.hpp"
#include "build/run_steps.hpp"
#include "build/step_keys.hpp"
#include "build/workspace.hpp"
#include "package/lint/lint.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quern::build {

/// What is known of a build before anything is made.
struct BuildPlan {
    pipeline::Compiled compiled;  ///< with the locked environment
    ResolvedEnvironment environment;
    std::vector<NamedCache> caches;
    std::string toolchain;
    recipe::Environment step_environment;  ///< the locked one and what leads to the caches
    std::string source_digest;             ///< empty: nothing is copied
    std::vector<PlannedStep> steps;        ///< point into `compiled`
    StepRange range;
    std::vector<std::string> keys;  ///< of the states of the guest
    sandbox::Limits limits;
    std::uint64_t disk_bytes = 0;  ///< that the build may write; 0: any
    package::LintSets linters;
};

/// Compiles the recipe, chooses the environment, and says what its steps see. Errors: as `build`.
Result<BuildPlan> plan_build(
    const recipe::Configuration& configuration,
    const BuildOptions& options,
    const Services& services
);

/// How the steps of the plan run. `plan` and `options` outlive it.
StepSettings settings_of(
    const BuildPlan& plan, const std::string& root_key, const BuildOptions& options
);

/// The caches of its guest.
CacheRequest cache_request(
    const BuildPlan& plan, const std::filesystem::path& root, const BuildOptions& options
);

/// Fills a workspace with what its first step finds there.
Result<void> populate(
    const Workspace& workspace,
    const BuildPlan& plan,
    const std::filesystem::path& guest_root,
    const BuildOptions& options,
    const Services& services
);

}  // namespace quern::build
