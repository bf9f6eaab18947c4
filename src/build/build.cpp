// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The walk from a recipe to a repository, as the design draws it: load, compile, environment,
// workspace, steps, packages, publish.

#include "quern/build.hpp"

#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/guest.hpp"
#include "build/last_failure.hpp"
#include "build/lint.hpp"
#include "build/load.hpp"
#include "build/pack.hpp"
#include "build/source_tree.hpp"
#include "build/staged.hpp"
#include "build/step_log.hpp"
#include "build/workspace.hpp"
#include "quern/plan.hpp"
#include "support/cancel.hpp"

#include <fmt/format.h>

#include <span>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

std::filesystem::path source_directory(const BuildOptions& options) {
    if (!options.source_directory.empty()) {
        return options.source_directory;
    }
    const std::filesystem::path parent = options.recipe.parent_path();
    return parent.empty() ? std::filesystem::path(".") : parent;
}

Result<void> populate(
    const Workspace& workspace,
    const recipe::Configuration& configuration,
    const std::filesystem::path& guest_root,
    const BuildOptions& options,
    const Services& services
) {
    if (!options.empty_workspace) {
        QUERN_TRY(const FileTree guest, FileTree::open(guest_root));
        const std::string note =
            package_note(configuration, options.namespace_name, options.load.architecture);
        QUERN_CHECK(write_compiler_files(workspace.home(), note, guest, services.ids));
        // What this and earlier builds made is no source.
        const SourceTreeOptions copy = {
            {options.out_directory, services.cache_directory, workspace.path()}, true};
        QUERN_CHECK(
            copy_source_tree(source_directory(options), workspace.home(), services.ids, copy)
        );
    }
    return workspace.make_output(configuration.package.name.value);
}

StepSettings settings_of(
    const recipe::Configuration& configuration,
    std::span<const repository::RepositoryIndex> indexes,
    const BuildOptions& options
) {
    return {
        .recipe = options.recipe,
        .command = "build",
        .environment = configuration.environment,
        .capabilities = configuration.capabilities,
        .timeout = configuration.package.timeout,
        .source_date = options.source_date,
        .command_line = options.command_line,
        .indexes = indexes,
        .debug = options.debug,
        .interactive = options.interactive,
        .network = options.network,
    };
}

Result<void> run_plan(
    const pipeline::Plan& plan,
    const StepSettings& settings,
    OwnGuest& own,
    const std::filesystem::path& log_file,
    const Services& services
) {
    QUERN_TRY(StepLog log, StepLog::create(log_file, services.reporter));
    QUERN_CHECK(prepare_guest(own.guest(), services));
    std::optional<FailedStep> failed;
    for (const pipeline::PackagePlan& package : plan.packages) {
        QUERN_CHECK(own.workspace().make_output(package.package));
        const ExecuteContext context = {settings, own.guest(), own.workspace(), log, failed};
        auto done = execute(package, context, services);
        if (!done && failed && own.workspace().is_own()) {
            // Nothing more can be said of it than the failure itself.
            std::ignore = keep_failure(
                std::move(own), *failed, settings.command_line, services.cache_directory
            );
        }
        if (!done) {
            return done;
        }
    }
    return {};
}

Result<package::Owners> read_owners(const std::filesystem::path& guest_root) {
    QUERN_TRY(const FileTree root, FileTree::open(guest_root));
    auto passwd = root.read("etc/passwd");
    auto group = root.read("etc/group");
    return package::Owners::parse(
        std::move(passwd).value_or("root:x:0:0::/:/bin/sh\n"),
        std::move(group).value_or("root:x:0:\n")
    );
}

Result<StagedPackages> stage_all(const PackContext& context, const Services& services) {
    const BuildOptions& options = context.options;
    QUERN_TRY(Scratch directory, Scratch::create(options.out_directory, ".quern-staging-"));
    StagedPackages staged = {std::move(directory), {}, {}};
    const std::filesystem::path place = options.out_directory / options.load.architecture;
    QUERN_TRY(const auto packages, pack_all(context, staged.directory.path(), services));
    for (const apk::WrittenPackage& written : packages) {
        staged.packages.push_back(
            {written.path, apk::make_index_entry(written.info, written.checksum, written.file_size)}
        );
        staged.built.push_back(
            {written.info.name,
             place / written.path.filename(),
             written.file_size,
             written.checksum}
        );
    }
    return staged;
}

std::filesystem::path log_path(
    const recipe::Package& package, const BuildOptions& options, const Services& services
) {
    return services.cache_directory / "logs" /
           fmt::format(
               "{}-{}.{}.log", package.name.value, package.full_version(), options.load.architecture
           );
}

}  // namespace

Result<BuildReport> build(const BuildOptions& options, const Services& services) {
    QUERN_TRY(
        const package::LintSets linters,
        package::LintSets::choose(options.lint_require, options.lint_warn)
    );
    QUERN_TRY(
        const recipe::Configuration configuration,
        load_recipe(options.recipe, options.load, services)
    );
    BuildReport report;
    report.is_skipped = !is_wanted(
        configuration.package, options.recipe, options.load.architecture, services.reporter
    );
    if (report.is_skipped) {
        return report;
    }
    QUERN_TRY(
        pipeline::Compiled compiled,
        compile_recipe(configuration, options.recipe, options.load, services)
    );
    QUERN_TRY(
        const ResolvedEnvironment environment,
        resolve_environment(
            compiled.configuration.environment,
            options.load.architecture,
            options.environment,
            services
        )
    );
    QUERN_TRY(const rootfs::CachedRoot root, prepare_root(environment, services));
    compiled.configuration.environment = environment.locked;

    QUERN_TRY(OwnGuest own, OwnGuest::create(root, options.workspace_directory, services));
    if (options.keep_workspace) {
        own.workspace().keep();
        services.reporter.note(fmt::format("the workspace is {}", own.workspace().path().string()));
    }
    QUERN_CHECK(populate(own.workspace(), compiled.configuration, root.tree, options, services));
    report.log = log_path(configuration.package, options, services);
    const StepSettings settings = settings_of(compiled.configuration, environment.indexes, options);
    QUERN_CHECK(run_plan(compiled.plan, settings, own, report.log, services));
    QUERN_TRY(const package::Owners owners, read_owners(own.root()));
    QUERN_TRY(
        StagedPackages staged,
        stage_all({options, compiled.configuration, own.workspace(), owners, linters}, services)
    );
    if (options.tests != nullptr) {
        QUERN_CHECK(test_staged(staged, compiled, options, services));
    }
    QUERN_CHECK(publish_staged(staged, options, services));
    report.packages = std::move(staged.built);
    return report;
}

}  // namespace quern::build
