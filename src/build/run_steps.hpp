// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/execute.hpp"
#include "build/guest.hpp"
#include "build/step_keys.hpp"
#include "quern/build.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace quern::build {

/// Which steps of a plan run.
struct StepRange {
    std::size_t first = 0;  ///< the latest that may be the first to run
    std::size_t end = 0;    ///< behind the last
    bool is_fresh = false;  ///< nothing that is at hand is taken up
};

/// `--from` and `--until` of the options: a number from 1, a name, or "package/name". Errors: usage
/// (no such step, several of that name, the first behind the last).
Result<StepRange> choose_steps(const std::vector<PlannedStep>& steps, const BuildOptions& options);

struct StepRun {
    const std::vector<PlannedStep>& steps;
    const std::vector<std::string>& keys;  ///< of step_keys
    StepRange range;
    const StepSettings& settings;
    std::filesystem::path log;
    std::function<Result<void>()> populate;  ///< fills the workspace before the first step
};

/// Takes up the latest state that is at hand and runs what is left of the range, freezing the guest
/// after each step. When a step fails the guest is kept, and `own` is empty. False: a shell of the
/// user's mended a step, so that the texts of the steps do not say what the guest holds. Errors: as
/// `execute_step`.
Result<bool> run_steps(const StepRun& run, OwnGuest& own, const Services& services);

/// Keeps the guest for `quern enter` after the last step of a range that ends before the plan.
Result<void> keep_stopped(const StepRun& run, OwnGuest own, const Services& services);

}  // namespace quern::build
