// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quern::build {

/// How the `test:` blocks of a recipe run, beside what the recipe says.
struct TestRunOptions {
    std::size_t jobs = 1;  ///< blocks that run at the same time
    bool fail_fast = false;
    bool debug = false;
    bool interactive = false;  ///< takes one job
    bool network = false;      ///< --network=host: for steps that do not ask for it too
    bool keep_workspace = false;
    bool own_caches = false;        ///< --cache-scope=recipe
    bool read_only_caches = false;  ///< --cache-trust=read-only
    std::uint32_t processes = 0;    ///< --processes: most of a step at a time; 0: the default
    std::vector<std::string> command_line;  ///< how the user called
    std::filesystem::path cache_directory;  ///< --cache-dir, seen in guests; empty: none
    std::map<std::string, std::filesystem::path> secrets;  ///< --secret: name → file
    std::filesystem::path source_directory;     ///< copied in each workspace; empty: nothing is
    std::filesystem::path workspace_directory;  ///< one below for each block; empty: the cache's
};

struct TestOptions {
    std::filesystem::path recipe;
    recipe::LoadOptions load;
    /// Repositories of test environments besides those that a block names; `extra_packages` is
    /// --test-package-append.
    EnvironmentOptions environment;
    /// Main package under test with a constraint ("hello=2.10-r0"); empty: as the recipe names it.
    std::string package;
    TestRunOptions run;
    bool shell_check = true;  ///< bash parses all scripts before anything runs
};

/// What became of one block.
struct TestResult {
    std::string package;  ///< main package or subpackage under test
    std::optional<Error> failure;
    bool was_run = false;  ///< false: an earlier one failed (--fail-fast)
    std::chrono::milliseconds duration{0};
    std::filesystem::path log;
};

struct TestReport {
    std::string recipe_package;  ///< name of the main package
    std::string version;         ///< with -rN
    std::string architecture;
    std::vector<TestResult> results;  ///< main package first
    bool is_skipped = false;          ///< the recipe is not for this architecture

    std::size_t failed_count() const;
    /// Nothing if all passed, else one error of the first failure's code that names them all.
    std::optional<Error> failure() const;
};

/// Tests between building and publishing.
struct BuildTests {
    TestRunOptions run;
    std::vector<std::string> extra_packages;  ///< --test-package-append
    std::function<void(const TestReport&)> on_report;
};

/// Runs each `test:` block of a recipe in a fresh guest of its own, in which the package under test
/// is installed from the repositories. Errors are those that concern no block: invalid_recipe,
/// interrupted, usage. Source: recipe-and-build 11.1.
Result<TestReport> test(const TestOptions& options, const Services& services);

}  // namespace quern::build
