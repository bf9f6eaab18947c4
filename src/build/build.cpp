// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The walk from a recipe to a repository, as the design draws it: load, compile, environment,
// workspace, steps, packages, publish.

#include "quern/build.hpp"

#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/pack.hpp"
#include "build/scratch.hpp"
#include "build/source_tree.hpp"
#include "build/step_log.hpp"
#include "build/workspace.hpp"
#include "quern/plan.hpp"
#include "quern/version.hpp"
#include "repository/publisher.hpp"
#include "rootfs/overlay.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

Error report_all(Diagnostics& diagnostics, const BuildOptions& options, Reporter& reporter) {
    const std::size_t errors = diagnostics.error_count();
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter.diagnostic(diagnostic);
    }
    return {
        ErrorCode::invalid_recipe,
        fmt::format("{} has {} error{}", options.recipe.string(), errors, errors == 1 ? "" : "s")};
}

Result<recipe::Configuration> load_recipe(const BuildOptions& options, const Services& services) {
    Diagnostics diagnostics;
    auto configuration = recipe::load(options.recipe, services.reader, options.load, diagnostics);
    if (configuration && !apk::is_recipe_version(configuration->package.version.value)) {
        const recipe::Text& version = configuration->package.version;
        diagnostics.error(
            "bad-version",
            fmt::format("unable to parse version '{}'", printable(version.value)),
            version.where,
            "an apk version is digits.digits[letter][_alpha|_beta|_pre|_rc][_p|_git|_svn|_hg|_cvs]"
        );
    }
    if (!configuration || diagnostics.has_errors()) {
        return report_all(diagnostics, options, services.reporter);
    }
    for (const Diagnostic& warning : diagnostics.take()) {
        services.reporter.diagnostic(warning);
    }
    return std::move(*configuration);
}

Result<pipeline::Compiled> compile_recipe(
    const recipe::Configuration& configuration,
    const BuildOptions& options,
    const Services& services
) {
    Diagnostics diagnostics;
    auto compiled = pipeline::compile(configuration, services.library, options.load, diagnostics);
    if (!compiled || diagnostics.has_errors()) {
        return report_all(diagnostics, options, services.reporter);
    }
    for (const Diagnostic& warning : diagnostics.take()) {
        services.reporter.diagnostic(warning);
    }
    return std::move(*compiled);
}

bool is_for_architecture(const recipe::Package& package, const std::string& architecture) {
    const auto& wanted = package.target_architectures;
    return wanted.empty() || (wanted.size() == 1 && wanted[0].value == "all") ||
           std::any_of(wanted.begin(), wanted.end(), [&](const recipe::Text& text) {
               return text.value == architecture;
           });
}

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
        const std::vector<std::filesystem::path> skip = {
            options.out_directory, services.cache_directory, workspace.path()};
        QUERN_CHECK(
            copy_source_tree(source_directory(options), workspace.home(), services.ids, skip)
        );
    }
    return workspace.make_output(configuration.package.name.value);
}

Result<void> run_plan(
    const pipeline::Plan& plan, const ExecuteContext& context, const Services& services
) {
    QUERN_CHECK(prepare_guest(context.guest, services));
    for (const pipeline::PackagePlan& package : plan.packages) {
        QUERN_CHECK(context.workspace.make_output(package.package));
        QUERN_CHECK(execute(package, context, services));
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

Result<BuildReport> pack_and_publish(const PackContext& context, const Services& services) {
    const BuildOptions& options = context.options;
    // A hidden directory beside their place, so that publishing is a rename.
    QUERN_TRY(const Scratch staging, Scratch::create(options.out_directory, ".quern-staging-"));
    BuildReport report;
    std::vector<repository::StagedPackage> staged;
    const std::filesystem::path directory = options.out_directory / options.load.architecture;
    for (const Output& output : outputs_of(context.configuration)) {
        QUERN_CHECK(services.cancel.check());
        auto written = pack(output, context, staging.path(), services);
        if (!written) {
            return std::move(written).error().context(fmt::format("packing {}", output.name));
        }
        staged.push_back(
            {written->path,
             apk::make_index_entry(written->info, written->checksum, written->file_size)}
        );
        report.packages.push_back(
            {output.name,
             directory / written->path.filename(),
             written->file_size,
             written->checksum}
        );
    }
    Activity activity(services.reporter, "publishing");
    const repository::PublishOptions publish_options = {
        .key = options.key, .update_index = options.update_index};
    QUERN_CHECK(repository::publish(
        options.out_directory, options.load.architecture, std::move(staged), publish_options
    ));
    return report;
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
    QUERN_TRY(const recipe::Configuration configuration, load_recipe(options, services));
    if (!is_for_architecture(configuration.package, options.load.architecture)) {
        services.reporter.warning(fmt::format(
            "{} is not for {} (target-architecture)",
            options.recipe.string(),
            options.load.architecture
        ));
        BuildReport skipped;
        skipped.is_skipped = true;
        return skipped;
    }
    QUERN_TRY(pipeline::Compiled compiled, compile_recipe(configuration, options, services));
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

    QUERN_TRY(
        Workspace workspace,
        Workspace::create(
            services.cache_directory / "workspaces", options.workspace_directory, services.ids
        )
    );
    if (options.keep_workspace) {
        workspace.keep();
        services.reporter.note(fmt::format("the workspace is {}", workspace.path().string()));
    }
    QUERN_CHECK(populate(workspace, compiled.configuration, root.tree, options, services));
    QUERN_TRY(
        const rootfs::Overlay overlay, rootfs::Overlay::mount(root.tree, workspace.overlay_path())
    );
    sandbox::Guest guest;
    guest.root = overlay.path();
    guest.mounts.push_back({workspace.home_path(), std::string(guest_home), false});

    QUERN_TRY(
        StepLog log,
        StepLog::create(log_path(configuration.package, options, services), services.reporter)
    );
    QUERN_CHECK(
        run_plan(compiled.plan, {options, compiled.configuration, guest, workspace, log}, services)
    );
    QUERN_TRY(const package::Owners owners, read_owners(overlay.path()));
    QUERN_TRY(
        BuildReport report,
        pack_and_publish({options, compiled.configuration, workspace, owners}, services)
    );
    report.log = log.path();
    return report;
}

}  // namespace quern::build
