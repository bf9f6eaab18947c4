// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <filesystem>

namespace quern::cli {

/// Lets bash read all scripts of a recipe before anything of it runs. A recipe that is wrong in
/// other ways is left to who loads it for good. Errors: invalid_recipe (diagnostics were reported),
/// interrupted, io.
Result<void> check_scripts_of(
    const std::filesystem::path& path,
    const recipe::LoadOptions& options,
    const build::Services& services
);

}  // namespace quern::cli
