// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// What is known of a build before anything is made: which steps, in which environment, with which
// keys of their states.

#include "build/build_plan.hpp"

#include "build/asked_for.hpp"
#include "build/load.hpp"
#include "build/provenance.hpp"
#include "build/source_tree.hpp"
#include "build/step_limits.hpp"
#include "build/toolchain.hpp"
#include "support/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// The environment of the packages, and the caches that steps see in it.
Result<void> plan_environment(
    BuildPlan& plan, const BuildOptions& options, const Services& services
) {
    recipe::Configuration& compiled = plan.compiled.configuration;
    QUERN_TRY(plan.caches, parse_caches(options.caches));
    EnvironmentOptions environment = options.environment;
    for (std::string& package : packages_of(plan.caches)) {
        environment.extra_packages.push_back(std::move(package));
    }
    auto resolved =
        resolve_environment(compiled.environment, options.load.architecture, environment, services);
    if (!resolved) {
        return with_askers(
            std::move(resolved).error(), compiled.environment, plan.compiled.plan.packages
        );
    }
    plan.environment = std::move(*resolved);
    compiled.environment = plan.environment.locked;
    plan.toolchain = toolchain_of(plan.environment.root.packages);
    constexpr std::size_t short_name = 16;
    plan.step_environment = with_caches(
        compiled.environment,
        plan.caches,
        digest_of(DigestKind::sha256, plan.toolchain).hex().substr(0, short_name)
    );
    return {};
}

}  // namespace

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
    QUERN_CHECK(plan_environment(plan, options, services));
    const recipe::Configuration& compiled = plan.compiled.configuration;
    plan.steps = flatten(plan.compiled.plan);
    QUERN_TRY(plan.range, choose_steps(plan.steps, options));
    QUERN_TRY(plan.source_digest, digest_sources(plan.compiled.plan, options, services));
    const std::string base =
        base_key(plan.environment, compiled, plan.source_digest, options, services);
    // Checked before anything is downloaded; what a step may use does not change what it makes.
    const recipe::Resources& resources = compiled.package.resources;
    QUERN_TRY(plan.limits, step_limits(resources, options.processes));
    QUERN_TRY(plan.disk_bytes, disk_limit(resources, services.cache_directory, services.reporter));
    plan.keys = step_keys(base, plan.steps, settings_of(plan, {}, options));
    return plan;
}

StepSettings settings_of(
    const BuildPlan& plan, const std::string& root_key, const BuildOptions& options
) {
    const recipe::Configuration& configuration = plan.compiled.configuration;
    return {
        .recipe = options.recipe,
        .command = "build",
        .environment = plan.step_environment,
        .capabilities = configuration.capabilities,
        .deadline = deadline_after(configuration.package.timeout),
        .limits = plan.limits,
        .source_date = options.source_date,
        .command_line = options.command_line,
        .indexes = plan.environment.indexes,
        .secrets = options.secrets,
        .debug = options.debug,
        .interactive = options.interactive,
        .network = options.network,
        .root_key = root_key,
        .programs = wrapper_of(plan.caches).empty()
                        ? std::string()
                        : fmt::format("{}/{}", cache_in_guest, wrappers_directory),
    };
}

CacheRequest cache_request(
    const BuildPlan& plan, const std::filesystem::path& root, const BuildOptions& options
) {
    return {
        .names = cache_names(plan.step_environment, plan.caches),
        .recipe = options.own_caches ? plan.compiled.configuration.package.name.value : "",
        .is_read_only = options.read_only_caches,
        .wrapper = wrapper_of(plan.caches),
        .toolchain = plan.toolchain,
        .root = root,
    };
}

Result<void> populate(
    const Workspace& workspace,
    const BuildPlan& plan,
    const std::filesystem::path& guest_root,
    const BuildOptions& options,
    const Services& services
) {
    if (!options.empty_workspace) {
        QUERN_TRY(const FileTree guest, FileTree::open(guest_root));
        const std::string note = package_note(
            plan.compiled.configuration, options.namespace_name, options.load.architecture
        );
        QUERN_CHECK(write_compiler_files(workspace.home(), note, guest, services.ids));
        QUERN_CHECK(copy_source_tree(
            source_directory(options),
            workspace.home(),
            services.ids,
            source_options(plan.compiled.plan, options, services)
        ));
    }
    return workspace.make_output(plan.compiled.configuration.package.name.value);
}

}  // namespace quern::build
