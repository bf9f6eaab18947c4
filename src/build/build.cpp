// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The walk from a recipe to a repository, as the design draws it: load, compile, environment,
// workspace, steps, packages, publish.

#include "quern/build.hpp"

#include "build/build_plan.hpp"
#include "build/cache_report.hpp"
#include "build/foreign.hpp"
#include "build/guest.hpp"
#include "build/guest_caches.hpp"
#include "build/licenses.hpp"
#include "build/load.hpp"
#include "build/pack.hpp"
#include "build/provenance.hpp"
#include "build/run_steps.hpp"
#include "build/snapshots.hpp"
#include "build/staged.hpp"
#include "build/unchanged.hpp"
#include "build/workspace.hpp"
#include "support/cancel.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace quern::build {
namespace {

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

// Steps that fail have filled the caches too.
Result<bool> run_with_caches(
    const StepRun& run,
    OwnGuest& own,
    const GuestCaches& caches,
    BuildReport& report,
    const Services& services
) {
    auto ran = run_steps(run, own, services);
    caches.collect(own.guest(), services);
    report.caches = caches.report();
    for (const CacheReport& cache : report.caches) {
        if (const std::string text = to_text(cache); !text.empty()) {
            services.reporter.note(text);
        }
    }
    return ran;
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
            options.cache_directory, cache_request(plan, root.tree, options), scratch, services
        )
    );
    own.add_mounts(caches.mounts());
    BuildReport report;
    report.log = log_path(configuration.package, options, services);
    TakenSources taken;
    StepSettings settings = settings_of(plan, root.key, options);
    settings.taken = &taken;
    settings.has_single_id = services.ids.count <= 1;
    auto disk = bound_disk(plan.disk_bytes, own, services);
    settings.disk = disk ? &*disk : nullptr;
    SavedPatches patches{options.save_patch};
    settings.patches = options.save_patch.empty() ? nullptr : &patches;
    const StepRun run = {
        plan.steps,
        plan.keys,
        plan.range,
        settings,
        report.log,
        [&] { return populate(own.workspace(), plan, root.tree, options, services); },
    };
    QUERN_TRY(is_as_written, run_with_caches(run, own, caches, report, services));
    if (settings.patches != nullptr && patches.count == 0) {
        services.reporter.note("no step failed: there is no patch");
    }
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
