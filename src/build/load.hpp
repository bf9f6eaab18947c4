// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"

#include <filesystem>
#include <string>

namespace quern::build {

/// A recipe as it is for one architecture. Its diagnostics have been reported.
/// Errors: invalid_recipe.
Result<recipe::Configuration> load_recipe(
    const std::filesystem::path& path, const recipe::LoadOptions& options, const Services& services
);

/// Its pipelines, expanded. `path` is for the message only. Errors: invalid_recipe.
Result<pipeline::Compiled> compile_recipe(
    const recipe::Configuration& configuration,
    const std::filesystem::path& path,
    const recipe::LoadOptions& options,
    const Services& services
);

/// Lets bash read all scripts before anything of them runs. `path` is for the message only.
/// Errors: invalid_recipe (diagnostics were reported), interrupted, io.
Result<void> check_scripts(
    const pipeline::Plan& plan, const std::filesystem::path& path, const Services& services
);

/// Whether `target-architecture` takes it, by apk's names; warns if not.
bool is_wanted(
    const recipe::Package& package,
    const std::filesystem::path& path,
    const std::string& architecture,
    Reporter& reporter
);

}  // namespace quern::build
