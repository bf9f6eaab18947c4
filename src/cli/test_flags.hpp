// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/step_flags.hpp"
#include "quern/test.hpp"

#include <cstddef>
#include <filesystem>
#include <span>

namespace quern::cli {

/// Flags of whatever runs test blocks.
struct TestFlags {
    std::filesystem::path junit;
    std::size_t jobs = 1;
    bool fail_fast = false;
};
void add_test_flags(CLI::App& app, TestFlags& flags);

/// Without directories, which depend on the command.
build::TestRunOptions test_run_options(
    const TestFlags& flags, const StepFlags& step, const Invocation& invocation
);

/// Writes `--junit FILE`, if it was given. Errors: io.
Result<void> write_junit(const TestFlags& flags, std::span<const build::TestReport> reports);

}  // namespace quern::cli
