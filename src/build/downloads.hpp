// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/execute.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "support/file_tree.hpp"

#include <functional>
#include <string>

namespace quern::build {

/// What decides the content of a step's downloads: its script, the variables that can reach it, its
/// lock files (or that one is missing), and the root where the declaration says so. Errors: io.
Result<std::string> downloads_key(
    const pipeline::Step& step, const StepSettings& settings, const FileTree& home
);

/// Runs a step's script; false: a shell of the user's mended it.
using RunScript = std::function<Result<bool>(const pipeline::Step& step)>;

/// Does a step that declares downloads. What was kept under its key is put in its place and nothing
/// runs; else the script runs with the network (not with --offline), and what it left is kept in
/// the content store. Either way the workspace then holds the same. Errors: as `execute_step`.
Result<bool> run_downloads(
    const pipeline::Step& step,
    const ExecuteContext& context,
    const RunScript& run,
    const Services& services
);

}  // namespace quern::build
