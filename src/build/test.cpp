// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Each block has an environment, a guest and a workspace of its own, so that blocks may run at the
// same time and their order cannot matter. The peer gives all blocks of a recipe one workspace.

#include "quern/test.hpp"

#include "build/asked_for.hpp"
#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/guest.hpp"
#include "build/guest_caches.hpp"
#include "build/last_failure.hpp"
#include "build/load.hpp"
#include "build/source_tree.hpp"
#include "build/step_limits.hpp"
#include "build/step_log.hpp"
#include "build/test_blocks.hpp"
#include "quern/package_info.hpp"
#include "support/cancel.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

const recipe::Test* find_test(
    const recipe::Configuration& configuration, const std::string& package
) {
    if (configuration.package.name.value == package && configuration.test) {
        return &*configuration.test;
    }
    for (const recipe::Subpackage& subpackage : configuration.subpackages) {
        if (subpackage.name.value == package && subpackage.test) {
            return &*subpackage.test;
        }
    }
    return nullptr;
}

// Packages are the block's own; variables are the recipe's with the block's over them. Source:
// recipe-and-build 11.1.
recipe::Environment block_environment(
    const TestBlocks& blocks, const recipe::Test& test, const std::string& package
) {
    recipe::Environment environment = test.environment;
    const recipe::TextMap& inherited = blocks.compiled.configuration.environment.environment;
    environment.environment.insert(inherited.begin(), inherited.end());
    if (const auto pin = blocks.pins.find(package); pin != blocks.pins.end()) {
        for (recipe::Text& wanted : environment.packages) {
            if (wanted.value == package) {
                wanted.value = pin->second;
            }
        }
    }
    return environment;
}

std::filesystem::path log_path(
    const TestBlocks& blocks, const std::string& package, const Services& services
) {
    const recipe::Package& main = blocks.compiled.configuration.package;
    return services.cache_directory / "logs" /
           fmt::format(
               "{}-{}.{}.test.{}.log",
               main.name.value,
               main.full_version(),
               blocks.architecture,
               package
           );
}

Result<void> fill_workspace(
    const Workspace& workspace, const TestRunOptions& run, const Services& services
) {
    if (run.source_directory.empty()) {
        return {};
    }
    return copy_source_tree(
        run.source_directory,
        workspace.home(),
        services.ids,
        {.skip = {services.cache_directory, workspace.path()}, .obeys_ignore_file = false}
    );
}

std::filesystem::path workspace_of(const TestRunOptions& run, const std::string& package) {
    return run.workspace_directory.empty() ? std::filesystem::path()
                                           : run.workspace_directory / package;
}

Result<GuestCaches> open_caches(
    const TestBlocks& blocks,
    const recipe::Environment& environment,
    const std::filesystem::path& scratch,
    const Services& services
) {
    const std::string& package = blocks.compiled.configuration.package.name.value;
    return GuestCaches::open(
        blocks.run.cache_directory,
        {.names = cache_names(environment, {}),
         .recipe = blocks.run.own_caches ? package : "",
         .is_read_only = blocks.run.read_only_caches},
        scratch,
        services
    );
}

Result<ResolvedEnvironment> resolve_block(
    const TestBlocks& blocks,
    const recipe::Environment& environment,
    const pipeline::PackagePlan& plan,
    const Services& services
) {
    auto resolved =
        resolve_environment(environment, blocks.architecture, blocks.environment, services);
    if (resolved) {
        return resolved;
    }
    Error error = with_askers(std::move(resolved).error(), environment, {&plan, 1});
    if (error.code() == ErrorCode::unsatisfiable && error.help().empty()) {
        return std::move(error).help(
            "what is tested comes from a repository: `quern build` it first, and name where with -r"
        );
    }
    return error;
}

void keep_workspace(Workspace& workspace, const std::string& package, Reporter& reporter) {
    workspace.keep();
    reporter.note(fmt::format("the workspace of {} is {}", package, workspace.path().string()));
}

Result<void> run_block(
    const pipeline::PackagePlan& plan,
    const TestBlocks& blocks,
    const std::filesystem::path& log_file,
    const Services& services
) {
    const recipe::Configuration& configuration = blocks.compiled.configuration;
    const recipe::Test* test = find_test(configuration, plan.package);
    QUERN_ASSERT(test != nullptr);
    const recipe::Environment environment = block_environment(blocks, *test, plan.package);
    QUERN_TRY(
        const ResolvedEnvironment resolved, resolve_block(blocks, environment, plan, services)
    );
    QUERN_TRY(const rootfs::CachedRoot root, prepare_root(resolved, services));
    QUERN_TRY(
        OwnGuest own, OwnGuest::create(root, workspace_of(blocks.run, plan.package), services)
    );
    if (blocks.run.keep_workspace) {
        keep_workspace(own.workspace(), plan.package, services.reporter);
    }
    QUERN_TRY(
        const GuestCaches caches, open_caches(blocks, environment, own.workspace().path(), services)
    );
    own.add_mounts(caches.mounts());
    QUERN_CHECK(fill_workspace(own.workspace(), blocks.run, services));
    QUERN_TRY(StepLog log, StepLog::create(log_file, services.reporter));
    QUERN_TRY(
        const sandbox::Limits limits,
        step_limits(configuration.package.resources, blocks.run.processes)
    );
    QUERN_TRY(
        const std::uint64_t disk_bytes,
        disk_limit(configuration.package.resources, services.cache_directory, services.reporter)
    );
    auto disk = bound_disk(disk_bytes, own, services);
    const StepSettings settings = {
        .recipe = blocks.recipe,
        .command = "test",
        .environment = environment,
        .capabilities = configuration.capabilities,
        .deadline = deadline_after(configuration.package.timeout),
        .limits = limits,
        .source_date = {},
        .command_line = blocks.run.command_line,
        .indexes = resolved.indexes,
        .secrets = blocks.run.secrets,
        .debug = blocks.run.debug,
        .interactive = blocks.run.interactive,
        .network = blocks.run.network,
        .root_key = root.key,
        .disk = disk ? &*disk : nullptr,
        .has_single_id = services.ids.count <= 1,
    };
    QUERN_CHECK(prepare_guest(own.guest(), services));
    std::optional<FailedStep> failed;
    auto done = execute(plan, {settings, own.guest(), own.workspace(), log, failed}, services);
    if (!done && failed && own.can_be_kept()) {
        // Nothing more can be said of it than the failure itself.
        std::ignore = keep_failure(
            std::move(own), *failed, blocks.run.command_line, services.cache_directory
        );
    }
    return done;
}

// An error of the block is its result; an interrupt ends the whole run.
Result<void> run_one(
    const pipeline::PackagePlan& plan,
    const TestBlocks& blocks,
    TestResult& result,
    const Services& services
) {
    QUERN_CHECK(services.cancel.check());
    Activity activity(services.reporter, fmt::format("testing {}", plan.package));
    result.was_run = true;
    result.log = log_path(blocks, plan.package, services);
    const auto start = std::chrono::steady_clock::now();
    auto done = run_block(plan, blocks, result.log, services);
    result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start
    );
    activity.outcome(done ? "passed" : "failed");
    if (!done && done.error().code() == ErrorCode::interrupted) {
        return std::move(done).error();
    }
    if (!done) {
        result.failure = std::move(done).error();
    }
    return {};
}

recipe::LoadOptions without_build_options(recipe::LoadOptions options) {
    options.build_options.clear();
    options.libc_flavor = "gnu";
    return options;
}

}  // namespace

std::size_t TestReport::failed_count() const {
    return static_cast<std::size_t>(std::count_if(
        results.begin(), results.end(), [](const TestResult& r) { return r.failure.has_value(); }
    ));
}

std::optional<Error> TestReport::failure() const {
    std::vector<std::string> names;
    const Error* first = nullptr;
    for (const TestResult& result : results) {
        if (result.failure) {
            names.push_back(result.package);
            first = first == nullptr ? &*result.failure : first;
        }
    }
    if (first == nullptr) {
        return std::nullopt;
    }
    if (names.size() == 1) {
        return Error(*first).context("the test of " + names.front());
    }
    std::string message =
        fmt::format("{} of {} tests failed: {}", names.size(), results.size(), join(names, ", "));
    for (const TestResult& result : results) {
        if (result.failure) {
            message += fmt::format("\n{}: {}", result.package, result.failure->message());
        }
    }
    Error all(first->code(), std::move(message));
    return first->help().empty() ? all : std::move(all).help(first->help());
}

Result<TestReport> run_test_blocks(const TestBlocks& blocks, const Services& services) {
    const auto& plans = blocks.compiled.plan.tests;
    const recipe::Package& main = blocks.compiled.configuration.package;
    TestReport report;
    report.recipe_package = main.name.value;
    report.version = main.full_version();
    report.architecture = blocks.architecture;
    for (const pipeline::PackagePlan& plan : plans) {
        report.results.push_back({.package = plan.package, .failure = {}, .log = {}});
    }
    std::atomic<bool> has_failed = false;
    ThreadPool pool(blocks.run.interactive ? 1 : std::max<std::size_t>(blocks.run.jobs, 1));
    QUERN_CHECK(pool.for_each_index(plans.size(), [&](std::size_t index) -> Result<void> {
        if (blocks.run.fail_fast && has_failed) {
            return {};
        }
        QUERN_CHECK(run_one(plans[index], blocks, report.results[index], services));
        has_failed = has_failed || report.results[index].failure.has_value();
        return {};
    }));
    return report;
}

Result<TestReport> test(const TestOptions& options, const Services& services) {
    const recipe::LoadOptions load = without_build_options(options.load);
    QUERN_TRY(
        const recipe::Configuration configuration, load_recipe(options.recipe, load, services)
    );
    recipe::Package package = configuration.package;
    for (recipe::Text& name : package.target_architectures) {
        name.value = apk::to_apk_architecture(name.value);
    }
    if (!is_wanted(package, options.recipe, load.architecture, services.reporter)) {
        TestReport skipped;
        skipped.is_skipped = true;
        return skipped;
    }
    QUERN_TRY(
        const pipeline::Compiled compiled,
        compile_recipe(configuration, options.recipe, load, services)
    );
    if (options.shell_check) {
        QUERN_CHECK(check_scripts(compiled.plan, options.recipe, services));
    }
    TestBlocks blocks = {
        compiled, options.recipe, load.architecture, options.environment, {}, options.run};
    if (!options.package.empty()) {
        blocks.pins[package.name.value] = options.package;
    }
    return run_test_blocks(blocks, services);
}

}  // namespace quern::build
