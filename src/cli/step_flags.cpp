// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/step_flags.hpp"

namespace quern::cli {

void add_environment_flags(
    CLI::App& app, EnvironmentFlags& flags, const std::string& package_flag
) {
    add_list(
        app,
        "-r,--repository-append",
        flags.repositories,
        "repositories for the environment: directories or URLs"
    );
    add_list(app, "-k,--keyring-append", flags.keyring, "trusted public keys: files or URLs");
    add_list(app, package_flag, flags.packages, "packages added to the environment");
    add_flag(app, "--ignore-signatures", flags.ignore_signatures, "take unsigned repositories");
    add_flag(app, "--offline", flags.offline, "use only what is in the cache");
    add_key_discovery_flag(app, flags.key_discovery);
    add_resolve_timeout_flag(app, flags.resolve_timeout);
    add_option(
        app,
        "--apk-cache-dir",
        flags.accepted_text,
        "accepted; packages are kept below --cache-root"
    )
        ->group("");
}

build::EnvironmentOptions environment_options(const EnvironmentFlags& flags) {
    build::EnvironmentOptions options;
    options.repositories = flags.repositories;
    options.keyring = flags.keyring;
    options.extra_packages = flags.packages;
    options.ignore_signatures = flags.ignore_signatures;
    options.offline = flags.offline;
    options.key_discovery = key_discovery(flags.key_discovery);
    options.resolve_timeout = resolve_timeout(flags.resolve_timeout);
    return options;
}

void add_runner_flag(CLI::App& app, std::string& runner) {
    add_option(
        app,
        "--runner",
        runner,
        "what runs steps: bubblewrap, chroot (in a container, as its root), docker, podman; auto "
        "is "
        "the first that works (quern doctor)"
    )
        ->check(one_of({"auto", "bubblewrap", "chroot", "docker", "podman", ""}));
}

void add_step_flags(CLI::App& app, StepFlags& flags) {
    add_option(
        app,
        "--workspace-dir",
        flags.workspace_directory,
        "directory for the workspace, kept afterwards"
    );
    add_flag(app, "--rm", flags.remove, "remove the workspace afterwards (default true)");
    add_flag(
        app, "-i,--interactive", flags.interactive, "open a shell in the guest where a step fails"
    );
    add_repeated(
        app,
        "--secret",
        flags.secrets,
        "id=NAME,src=FILE: a file for the steps in whose script /run/secrets/NAME stands"
    );
    add_flag(app, "--debug", flags.debug, "set -x in steps");
    add_option(
        app,
        "--network",
        flags.network,
        "network of steps that do not ask for it (`network: true`): none or host"
    )
        ->check(one_of({"none", "host"}))
        ->capture_default_str();
    add_option(
        app,
        "--cache-scope",
        flags.cache_scope,
        "who shares the caches of go, npm, pip and so on: all recipes, or this recipe alone"
    )
        ->check(one_of({"all", "recipe"}))
        ->capture_default_str();
    add_option(
        app,
        "--cache-trust",
        flags.cache_trust,
        "whether steps change these caches: read-only ones forget what they add"
    )
        ->check(one_of({"read-only", "read-write"}))
        ->capture_default_str();
    add_option(app, "--processes", flags.processes, "most processes of a step at a time")
        ->check(within(1, 4'000'000));
    add_runner_flag(app, flags.runner);
    add_flag(app, "--debug-runner", flags.accepted, "accepted; nothing is left running here")
        ->group("");
    add_option(app, "--cache-source", flags.accepted_text, "accepted, unused")->group("");
}

Result<std::map<std::string, std::filesystem::path>> secret_files(const StepFlags& flags) {
    constexpr std::string_view id = "id=";
    constexpr std::string_view source = ",src=";
    std::map<std::string, std::filesystem::path> files;
    for (const std::string& text : flags.secrets) {
        const std::size_t comma = text.find(source);
        const std::string name = text.starts_with(id) && comma != std::string::npos
                                     ? text.substr(id.size(), comma - id.size())
                                     : std::string();
        const bool is_name =
            !name.empty() && name.find_first_of("/,=") == std::string::npos && name != "..";
        // The text itself may be a secret that was put in the wrong place: it is not shown.
        if (!is_name || name == ".") {
            return Error(ErrorCode::usage, "--secret is not of the form id=NAME,src=FILE");
        }
        files[name] = text.substr(comma + source.size());
    }
    return files;
}

}  // namespace quern::cli
