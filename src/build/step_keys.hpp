// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/execute.hpp"
#include "quern/plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::build {

/// One step of a plan with its place in it.
struct PlannedStep {
    const pipeline::PackagePlan* package = nullptr;
    const pipeline::Step* step = nullptr;
    bool is_first = false;  ///< of its package
};
/// All steps in the order in which they run. A package without steps has one entry without a step,
/// so that its directory is made.
std::vector<PlannedStep> flatten(const pipeline::Plan& plan);

/// What a guest holds before the first step, and after each: a digest over everything that decided
/// it. `base` stands for the root, the workspace and its files. Element 0 is the state before the
/// first step. What comes from outside unpinned has a key that nobody has again.
std::vector<std::string> step_keys(
    std::string_view base, const std::vector<PlannedStep>& steps, const StepSettings& settings
);

/// Whether a step's result is decided by its text: false for native steps that name no digest or
/// commit.
bool is_pinned(const pipeline::Step& step);

}  // namespace quern::build
