// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"

#include <span>

namespace quern::build {

/// Adds to an `unsatisfiable` error where the recipe asks for the packages that are missing: its
/// line, and the step whose definition needs them. Other errors are given back as they are.
Error with_askers(
    Error error,
    const recipe::Environment& environment,
    std::span<const pipeline::PackagePlan> plans
);

}  // namespace quern::build
