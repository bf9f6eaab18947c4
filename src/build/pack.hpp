// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "build/output.hpp"

#include <filesystem>
#include <vector>

namespace quern::build {

/// Describes (SPDX document in the tree), packs, lints, scans and writes every output of the recipe
/// into `staging`, in the order of `outputs_of`. All files are packed before the first package is
/// written, because what a package says of itself depends on its siblings. Errors: invalid_recipe
/// (a required linter), invalid_data, io, limit, interrupted.
Result<std::vector<apk::WrittenPackage>> pack_all(
    const PackContext& context, const std::filesystem::path& staging, const Services& services
);

}  // namespace quern::build
