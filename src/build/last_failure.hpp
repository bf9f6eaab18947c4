// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/guest.hpp"
#include "quern/error.hpp"
#include "quern/sandbox.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quern::build {

/// The step at which a build stopped, and how to be where it was.
struct FailedStep {
    std::string name;
    std::string package;
    std::string working_directory;
    sandbox::Command command;  ///< the step's, without its script
};

/// What is kept of the last build that failed: its workspace with what its steps changed of the
/// root, and how the user called it.
struct LastFailure {
    FailedStep step;
    std::vector<std::string> command_line;  ///< with the program's name
    std::filesystem::path directory;        ///< where it was called
    GuestPlace place;                       ///< in absolute paths
};

/// Keeps the workspace of a failed build in place of the one kept before. It is for this user only
/// (0600 and 0700), because variables of the step are in it. Errors: io.
Result<void> keep_failure(
    OwnGuest own,
    const FailedStep& step,
    const std::vector<std::string>& command_line,
    const std::filesystem::path& cache_directory
);

/// Errors: not_found (nothing failed here so far), invalid_data.
Result<LastFailure> read_last_failure(const std::filesystem::path& cache_directory);

}  // namespace quern::build
