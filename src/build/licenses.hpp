// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/workspace.hpp"
#include "package/license/review.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"

#include <filesystem>
#include <vector>

namespace quern::build {

/// The licences in a tree of sources, and what of them the recipe does not state.
struct LicenseReview {
    std::vector<package::LicenseFile> files;
    std::vector<package::LicenseDifference> differences;
};

/// Errors: io (the tree cannot be read at all).
Result<LicenseReview> review_licenses(
    const recipe::Package& package, const FileTree& tree, bool is_deep
);

/// At the end of a build: each difference is a warning, which fails nothing. Source:
/// recipe-and-build 9.5.
Result<void> warn_of_licenses(
    const recipe::Package& package, const FileTree& home, const Services& services
);

/// Fills a workspace with a recipe's sources, without a guest: the folder beside the recipe that is
/// named like it (none if `recipe` is empty), then the native steps of the main package. Errors: as
/// `run_native_step` and `copy_source_tree`. Source: recipe-and-build 11.5.
Result<void> fetch_sources(
    const pipeline::Plan& plan,
    const std::filesystem::path& recipe,
    const Workspace& workspace,
    const Services& services
);

}  // namespace quern::build
