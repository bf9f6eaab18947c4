// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/scratch.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "repository/publisher.hpp"

#include <vector>

namespace quern::build {

/// Finished packages in a hidden directory beside their place, so that publishing is a rename.
struct StagedPackages {
    Scratch directory;
    std::vector<repository::StagedPackage> packages;
    std::vector<BuiltPackage> built;  ///< with the paths that they will have
};

/// Runs the recipe's test blocks against the staged packages, which a repository of their own
/// holds for that time. Errors: as `test`, and the first failure's.
Result<void> test_staged(
    const StagedPackages& staged,
    const pipeline::Compiled& compiled,
    const BuildOptions& options,
    const Services& services
);

/// Makes them visible. Errors: io.
Result<void> publish_staged(
    StagedPackages& staged, const BuildOptions& options, const Services& services
);

}  // namespace quern::build
