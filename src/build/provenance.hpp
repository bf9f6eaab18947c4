// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/environment.hpp"
#include "build/sources.hpp"
#include "build/staged.hpp"
#include "build/step_keys.hpp"
#include "package/provenance.hpp"
#include "quern/plan.hpp"

#include <string>
#include <vector>

namespace quern::build {

/// What is known of a build when its packages are written.
struct BuildFacts {
    const pipeline::Compiled& compiled;
    const ResolvedEnvironment& environment;
    const std::vector<PlannedStep>& steps;
    const TakenSources& taken;  ///< by steps that pin nothing
    std::string source_digest;  ///< of the source tree, hex; empty: nothing was copied
    bool is_as_written = true;  ///< no step was mended by hand
};

/// Belongs in the keys of states whose steps a statement speaks of: what it says of all steps is
/// true only of those that ran in this way.
std::string provenance_key(const Services& services);

/// What all packages of a build say of how they were made; the subject is left empty.
/// Errors: io, not_found (files that the user named).
Result<package::Provenance> describe_build(
    const BuildFacts& facts, const BuildOptions& options, const Services& services
);

/// Writes and signs one statement for each staged package, beside it. Errors: as above; signing.
Result<void> stage_provenance(
    const BuildFacts& facts,
    StagedPackages& staged,
    const BuildOptions& options,
    const Services& services
);

}  // namespace quern::build
