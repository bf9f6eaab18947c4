// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/twice.hpp"
#include "cli/command.hpp"

namespace quern::cli {

/// Builds twice and gives the first build's report if the second gave the same; else prints what
/// leaked, file by file. Errors: as `build_twice`; invalid_recipe (they differ).
Result<build::BuildReport> build_twice_and_compare(
    const build::BuildOptions& options, const build::Services& services, const GlobalOptions& global
);

}  // namespace quern::cli
