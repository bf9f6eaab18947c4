// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "quern/sandbox.hpp"

namespace quern::build {

/// The bounds on each step that `package.resources` (or --cpu and --memory in their place) asks
/// for. Processors are "4", "1.5" or "500m" (thousandths), memory "8Gi", "512Mi", "2G" or bytes;
/// empty is no bound. Errors: invalid_recipe.
Result<sandbox::Limits> step_limits(const recipe::Resources& resources);

}  // namespace quern::build
