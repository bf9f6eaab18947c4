// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/disk_bound.hpp"
#include "build/guest_changes.hpp"
#include "build/last_failure.hpp"
#include "build/secrets.hpp"
#include "build/sources.hpp"
#include "build/step_log.hpp"
#include "build/workspace.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"
#include "quern/repository.hpp"
#include "quern/sandbox.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::build {

/// How the steps of a build, or of one test block, run.
struct StepSettings {
    std::filesystem::path recipe;            ///< as the user gave it, for messages
    std::string_view command = "build";      ///< of quern: what an advice to the user names
    const recipe::Environment& environment;  ///< variables, run-as and who that is
    const recipe::Capabilities& capabilities;
    std::optional<std::chrono::steady_clock::time_point> deadline;  ///< of all steps together
    sandbox::Limits limits;
    std::optional<std::int64_t> source_date;  ///< Unix seconds; tests have none
    /// For messages: how the user called quern, and where packages could come from.
    std::vector<std::string> command_line;
    std::span<const repository::RepositoryIndex> indexes;
    SecretFiles secrets = {};
    bool debug = false;
    bool interactive = false;
    bool network = false;       ///< for steps that do not ask for it too
    std::string root_key = {};  ///< of the root tree: the packages of the environment
    TakenSources* taken = nullptr;
    DiskBound* disk = nullptr;        ///< on all that steps write; null: none
    SavedPatches* patches = nullptr;  ///< of what an interactive shell changes; null: not wanted
    bool has_single_id = false;       ///< all of a guest belongs to one user
    std::string programs = {};        ///< a directory of the guest in front of PATH, or empty
};

/// What the steps of one build share.
struct ExecuteContext {
    const StepSettings& settings;
    const sandbox::Guest& guest;
    const Workspace& workspace;
    StepLog& log;
    std::optional<FailedStep>& failed;  ///< set when a step's script failed
};

/// Where a script that fails leaves the number of its line, in the guest; and how many lines of
/// ours come before the step's own.
inline constexpr const char* failed_line_file = "tmp/.quern-line";
inline constexpr std::size_t script_prefix_lines = 4;

/// The script as the guest's shell gets it. Source: recipe-and-build 4.4.
std::string shell_script(const pipeline::Step& step, bool debug);

/// When steps that start now have to be done by, if there is a bound.
std::optional<std::chrono::steady_clock::time_point> deadline_after(
    std::optional<std::chrono::nanoseconds> timeout
);

/// The environment of a step, sorted by name. Source: recipe-and-build 4.4.
std::vector<std::pair<std::string, std::string>> step_environment(
    const pipeline::Step& step, const StepSettings& settings
);

/// Runs the linker's cache builder of the guest, if it has one (recipe-and-build 12.2).
Result<void> prepare_guest(const sandbox::Guest& guest, const Services& services);

/// The step as `quern enter` needs it. Errors: invalid_recipe (run-as names nobody).
Result<FailedStep> describe_step(const pipeline::Step& step, const StepSettings& settings);

/// Gives the workspace to the user of the steps, where that is not root.
Result<void> prepare_workspace(const ExecuteContext& context, const Services& services);

/// Runs one step. True: as its text says; false: a shell of the user's mended what it left. Errors:
/// step_failed with the last lines, the place in the recipe and the next move; interrupted; limit.
Result<bool> execute_step(
    const pipeline::Step& step, const ExecuteContext& context, const Services& services
);

/// Runs all steps of one package in order. Errors: as `execute_step`.
Result<void> execute(
    const pipeline::PackagePlan& plan, const ExecuteContext& context, const Services& services
);

}  // namespace quern::build
