// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/plan.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quern::build {

/// A recipe's source as a git repository to work in.
struct WorkingCopy {
    std::filesystem::path directory;  ///< `<output>/<package>`
    std::filesystem::path patches;    ///< the recipe's own files, among them its patches
};

struct GotSources {
    std::vector<std::string> applied;  ///< names of the patches that are commits now
    std::string working_directory;     ///< of the source in the workspace; empty: its top
    bool is_git = false;               ///< it came from a git repository
};

/// Gets the first source of the main package (the checkout of a git-checkout step, else what a
/// fetch step unpacks) as a repository whose first commit is the source as it comes, and whose
/// later ones are the patches of its `patch` and `git-am` steps. Scripts are not run. The directory
/// appears when all is done. Errors: usage (it is there already), unsupported (no source, no git
/// here), invalid_data (a patch that does not apply); as `run_native_step`.
Result<GotSources> get_sources(
    const pipeline::Compiled& compiled, const WorkingCopy& place, const Services& services
);

/// Where a recipe's first source lies and how it comes, without getting it. Errors: unsupported (it
/// has none).
Result<GotSources> describe_sources(const pipeline::Compiled& compiled);

/// Writes the commits since the source as one patch file each into `place.patches`; gives their
/// names in order. Errors: usage (no working copy, changes that are no commit, no commit), io.
Result<std::vector<std::string>> pop_patches(const WorkingCopy& place, const CancelToken& cancel);

}  // namespace quern::build
