// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The walk from a recipe to a repository, as the design draws it: load, compile, environment,
// workspace, steps, packages, publish.

#include "quern/build.hpp"

#include "build/environment.hpp"
#include "build/foreign.hpp"
#include "build/guest.hpp"
#include "build/guest_caches.hpp"
#include "build/licenses.hpp"
#include "build/lint.hpp"
#include "build/load.hpp"
#include "build/pack.hpp"
#include "build/provenance.hpp"
#include "build/run_steps.hpp"
#include "build/snapshots.hpp"
#include "build/source_tree.hpp"
#include "build/staged.hpp"
#include "build/step_keys.hpp"
#include "build/step_limits.hpp"
#include "build/unchanged.hpp"
#include "build/workspace.hpp"
#include "quern/plan.hpp"
#include "support/cancel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
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

bool is_named(const pipeline::Plan& plan, const std::string& file_name) {
    return std::any_of(plan.packages.begin(), plan.packages.end(), [&](const auto& package) {
        return std::any_of(package.steps.begin(), package.steps.end(), [&](const auto& step) {
            return step.script.find(file_name) != std::string::npos;
        });
    });
}

// What this and earlier builds made is no source. The recipe is one only where a step names its
// file: else each edit of a step would change what all steps before it have seen.
SourceTreeOptions source_options(
    const pipeline::Plan& plan, const BuildOptions& options, const Services& services
) {
    SourceTreeOptions copy;
    copy.skip = options.not_sources;
    copy.skip.push_back(options.out_directory);
    copy.skip.push_back(services.cache_directory);
    copy.is_reversed = options.reversed_fill;
    if (!is_named(plan, options.recipe.filename().string())) {
        copy.skip.push_back(options.recipe);
    }
    if (!options.workspace_directory.empty()) {
        copy.skip.push_back(options.workspace_directory);
    }
    return copy;
}

// A digest over what steps find in their workspace; empty if nothing is copied.
Result<std::string> digest_sources(
    const pipeline::Plan& plan, const BuildOptions& options, const Services& services
) {
    if (options.empty_workspace) {
        return std::string();
    }
    return digest_source_tree(source_directory(options), source_options(plan, options, services));
}

// Stands for all that a guest holds before the first step.
std::string base_key(
    const ResolvedEnvironment& environment,
    const recipe::Configuration& configuration,
    const std::string& source_digest,
    const BuildOptions& options,
    const Services& services
) {
    std::string key = fmt::format(
        "{}\n{}-{}\n", environment.root.cache_key(), services.ids.first, services.ids.count
    );
    if (!options.empty_workspace) {
        key += package_note(configuration, options.namespace_name, options.load.architecture);
        key += "\n" + source_digest;
    }
    if (options.provenance) {
        key += provenance_key(services);
    }
    return key;
}

Result<void> populate(
    const Workspace& workspace,
    const pipeline::Compiled& compiled,
    const std::filesystem::path& guest_root,
    const BuildOptions& options,
    const Services& services
) {
    if (!options.empty_workspace) {
        QUERN_TRY(const FileTree guest, FileTree::open(guest_root));
        const std::string note =
            package_note(compiled.configuration, options.namespace_name, options.load.architecture);
        QUERN_CHECK(write_compiler_files(workspace.home(), note, guest, services.ids));
        QUERN_CHECK(copy_source_tree(
            source_directory(options),
            workspace.home(),
            services.ids,
            source_options(compiled.plan, options, services)
        ));
    }
    return workspace.make_output(compiled.configuration.package.name.value);
}

StepSettings settings_of(
    const recipe::Configuration& configuration,
    std::span<const repository::RepositoryIndex> indexes,
    const sandbox::Limits& limits,
    const std::string& root_key,
    const BuildOptions& options
) {
    return {
        .recipe = options.recipe,
        .command = "build",
        .environment = configuration.environment,
        .capabilities = configuration.capabilities,
        .deadline = deadline_after(configuration.package.timeout),
        .limits = limits,
        .source_date = options.source_date,
        .command_line = options.command_line,
        .indexes = indexes,
        .secrets = options.secrets,
        .debug = options.debug,
        .interactive = options.interactive,
        .network = options.network,
        .root_key = root_key,
    };
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

// The user's own directory is filled as it stands there; else the guest is one of layers.
Result<OwnGuest> make_own_guest(
    const rootfs::CachedRoot& root, const BuildOptions& options, const Services& services
) {
    const bool is_mounted = services.sandbox.form() == sandbox::GuestForm::mounted;
    if (is_mounted && options.workspace_directory.empty() && !options.keep_workspace) {
        const std::filesystem::path directory = services.cache_directory / "snapshots";
        QUERN_CHECK(Snapshots::trim(directory, {.pause = std::chrono::seconds(10)}));
        QUERN_TRY(Snapshots snapshots, Snapshots::open(directory));
        return OwnGuest::create_layered(root, std::move(snapshots), services);
    }
    QUERN_TRY(OwnGuest own, OwnGuest::create(root, options.workspace_directory, services));
    if (options.keep_workspace) {
        own.workspace().keep();
        services.reporter.note(fmt::format("the workspace is {}", own.workspace().path().string()));
    }
    return own;
}

std::filesystem::path log_path(
    const recipe::Package& package, const BuildOptions& options, const Services& services
) {
    return services.cache_directory / "logs" /
           fmt::format(
               "{}-{}.{}.log", package.name.value, package.full_version(), options.load.architecture
           );
}

/// What is known of a build before anything is made.
struct BuildPlan {
    pipeline::Compiled compiled;  ///< with the locked environment
    ResolvedEnvironment environment;
    std::string source_digest;       ///< empty: nothing is copied
    std::vector<PlannedStep> steps;  ///< point into `compiled`
    StepRange range;
    std::vector<std::string> keys;  ///< of the states of the guest
    sandbox::Limits limits;
    package::LintSets linters;
};

Result<BuildPlan> plan_build(
    const recipe::Configuration& configuration,
    const BuildOptions& options,
    const Services& services
) {
    BuildPlan plan;
    QUERN_TRY(plan.linters, package::LintSets::choose(options.lint_require, options.lint_warn));
    QUERN_TRY(plan.compiled, compile_recipe(configuration, options.recipe, options.load, services));
    if (options.shell_check) {
        QUERN_CHECK(check_scripts(plan.compiled.plan, options.recipe, services));
    }
    recipe::Configuration& compiled = plan.compiled.configuration;
    QUERN_TRY(
        plan.environment,
        resolve_environment(
            compiled.environment, options.load.architecture, options.environment, services
        )
    );
    compiled.environment = plan.environment.locked;
    plan.steps = flatten(plan.compiled.plan);
    QUERN_TRY(plan.range, choose_steps(plan.steps, options));
    QUERN_TRY(plan.source_digest, digest_sources(plan.compiled.plan, options, services));
    const std::string base =
        base_key(plan.environment, compiled, plan.source_digest, options, services);
    // Checked before anything is downloaded; what a step may use does not change what it makes.
    const recipe::Resources& resources = compiled.package.resources;
    QUERN_TRY(plan.limits, step_limits(resources, options.processes));
    QUERN_CHECK(check_disk(resources, services.cache_directory, services.reporter));
    plan.keys = step_keys(base, plan.steps, settings_of(compiled, {}, plan.limits, {}, options));
    return plan;
}

// Everything from the root to the repository. `is_as_written`: nobody mended a step by hand.
Result<BuildReport> carry_out(
    const BuildPlan& plan,
    const BuildOptions& options,
    const Services& services,
    bool& is_as_written
) {
    const recipe::Configuration& configuration = plan.compiled.configuration;
    QUERN_TRY(const rootfs::CachedRoot root, prepare_root(plan.environment, services));
    QUERN_TRY(OwnGuest own, make_own_guest(root, options, services));
    const std::filesystem::path scratch = own.workspace().path();
    QUERN_TRY(
        const GuestCaches caches,
        GuestCaches::open(
            options.cache_directory,
            configuration.environment,
            scratch,
            {options.own_caches ? configuration.package.name.value : "", options.read_only_caches},
            services
        )
    );
    own.add_mounts(caches.mounts());
    BuildReport report;
    report.log = log_path(configuration.package, options, services);
    TakenSources taken;
    StepSettings settings =
        settings_of(configuration, plan.environment.indexes, plan.limits, root.key, options);
    settings.taken = &taken;
    const StepRun run = {
        plan.steps,
        plan.keys,
        plan.range,
        settings,
        report.log,
        [&] { return populate(own.workspace(), plan.compiled, root.tree, options, services); },
    };
    QUERN_TRY(is_as_written, run_steps(run, own, services));
    QUERN_CHECK(services.sandbox.fetch(own.guest(), services.cancel));
    report.is_partial = plan.range.end < plan.steps.size();
    if (report.is_partial) {
        QUERN_CHECK(keep_stopped(run, std::move(own), services));
        return report;
    }
    QUERN_TRY(const package::Owners owners, read_owners(own.root()));
    QUERN_CHECK(warn_of_licenses(configuration.package, own.workspace().home(), services));
    QUERN_TRY(
        StagedPackages staged,
        stage_all({options, configuration, own.workspace(), owners, plan.linters}, services)
    );
    if (options.provenance) {
        const BuildFacts facts = {
            plan.compiled, plan.environment, plan.steps, taken, plan.source_digest, is_as_written};
        QUERN_CHECK(stage_provenance(facts, staged, options, services));
    }
    if (options.tests != nullptr) {
        QUERN_CHECK(test_staged(staged, plan.compiled, options, services));
    }
    QUERN_CHECK(publish_staged(staged, options, services));
    report.packages = std::move(staged.built);
    return report;
}

}  // namespace

Result<BuildReport> build(const BuildOptions& options, const Services& services) {
    QUERN_TRY(
        const recipe::Configuration configuration,
        load_recipe(options.recipe, options.load, services)
    );
    BuildReport report;
    const std::string& architecture = options.load.architecture;
    if (!is_wanted(configuration.package, options.recipe, architecture, services.reporter)) {
        report.is_skipped = true;
        return report;
    }
    if (auto reason = cannot_run(architecture, "/proc/sys/fs/binfmt_misc")) {
        if (!options.skip_foreign) {
            return std::move(*reason);
        }
        services.reporter.warning(
            fmt::format("{} is passed over: {}", architecture, reason->message())
        );
        report.is_skipped = true;
        return report;
    }
    QUERN_TRY(const BuildPlan plan, plan_build(configuration, options, services));
    const std::string content_key =
        packing_key(plan.keys.back(), plan.compiled.configuration, options);
    const PublishedRecord record(options, configuration.package.name.value, services);
    const bool is_asked_for =
        options.is_fresh || !options.from_step.empty() || !options.until_step.empty();
    if (auto published = record.find(content_key); published && !is_asked_for) {
        report.packages = std::move(*published);
        report.is_unchanged = true;
        return report;
    }
    bool is_as_written = false;
    QUERN_TRY(report, carry_out(plan, options, services, is_as_written));
    if (options.keeps_record && is_as_written && !report.is_partial) {
        QUERN_CHECK(record.write(content_key, report.packages));
    }
    return report;
}

}  // namespace quern::build
