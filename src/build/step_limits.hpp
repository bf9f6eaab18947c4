// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/recipe.hpp"
#include "quern/reporter.hpp"
#include "quern/sandbox.hpp"

#include <cstdint>
#include <filesystem>

namespace quern::build {

/// The bounds on each step that `package.resources` (or --cpu and --memory in their place) asks
/// for. Processors are "4", "1.5" or "500m" (thousandths), memory "8Gi", "512Mi", "2G" or bytes;
/// empty is no bound. `processes` is --processes; 0: the default. Errors: invalid_recipe.
Result<sandbox::Limits> step_limits(const recipe::Resources& resources, std::uint32_t processes);

/// What `package.resources.disk` (or --disk) lets a build write; 0: no bound. That less is free
/// below `directory` is a warning. Errors: invalid_recipe.
Result<std::uint64_t> disk_limit(
    const recipe::Resources& resources, const std::filesystem::path& directory, Reporter& reporter
);

}  // namespace quern::build
