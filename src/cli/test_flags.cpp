// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/test_flags.hpp"

#include "cli/junit.hpp"
#include "support/atomic_file.hpp"

namespace quern::cli {

void add_test_flags(CLI::App& app, TestFlags& flags) {
    add_option(app, "-j,--jobs", flags.jobs, "test blocks that run at the same time")
        ->check(within(1, 1024))
        ->capture_default_str();
    add_flag(app, "--fail-fast", flags.fail_fast, "start no test after one has failed");
    add_option(app, "--junit", flags.junit, "write the results of tests as JUnit XML to this file");
}

build::TestRunOptions test_run_options(
    const TestFlags& flags, const StepFlags& step, const Invocation& invocation
) {
    build::TestRunOptions options;
    options.jobs = flags.jobs;
    options.fail_fast = flags.fail_fast;
    options.debug = step.debug;
    options.interactive = step.interactive;
    options.network = step.network == "host";
    options.keep_workspace = !step.remove;
    options.own_caches = step.cache_scope == "recipe";
    options.read_only_caches = step.cache_trust == "read-only";
    options.processes = static_cast<std::uint32_t>(step.processes);
    options.command_line = invocation.words;
    return options;
}

Result<void> write_junit(const TestFlags& flags, std::span<const build::TestReport> reports) {
    if (flags.junit.empty()) {
        return {};
    }
    return write_file_atomically(flags.junit, to_junit(reports));
}

}  // namespace quern::cli
