// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/plan.hpp"
#include "quern/test.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace quern::build {

/// The `test:` blocks of a compiled recipe and where they run.
struct TestBlocks {
    const pipeline::Compiled& compiled;
    std::filesystem::path recipe;  ///< for messages
    std::string architecture;
    EnvironmentOptions environment;
    /// What to install in place of a package under test: name → "name=1.2-r0".
    std::map<std::string, std::string> pins;
    TestRunOptions run;
};

/// Runs all blocks; what goes wrong in one is in its result. Errors: interrupted, io.
Result<TestReport> run_test_blocks(const TestBlocks& blocks, const Services& services);

}  // namespace quern::build
