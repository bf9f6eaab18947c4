// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/step_flags.hpp"

#include "repository/key_discovery.hpp"

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
    app.add_flag("--ignore-signatures", flags.ignore_signatures, "take unsigned repositories");
    app.add_flag("--offline", flags.offline, "use only what is in the cache");
    app.add_option(
           "--key-discovery",
           flags.key_discovery,
           "ask https repositories for their keys: auto (where no key is named), always, never"
    )
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
    app.add_option(
           "--apk-cache-dir", flags.accepted_text, "accepted; packages are kept below --cache-root"
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
    options.key_discovery = flags.key_discovery == "always" ? repository::KeyDiscovery::always
                            : flags.key_discovery == "never"
                                ? repository::KeyDiscovery::never
                                : repository::KeyDiscovery::when_no_key;
    return options;
}

void add_step_flags(CLI::App& app, StepFlags& flags) {
    app.add_option(
        "--workspace-dir", flags.workspace_directory, "directory for the workspace, kept afterwards"
    );
    app.add_flag("--rm", flags.remove, "remove the workspace afterwards (default true)");
    app.add_flag(
        "-i,--interactive", flags.interactive, "open a shell in the guest where a step fails"
    );
    app.add_option(
           "--secret",
           flags.secrets,
           "id=NAME,src=FILE: a file for the steps in whose script /run/secrets/NAME stands"
    )
        ->allow_extra_args(false)
        ->take_all();
    app.add_flag("--debug", flags.debug, "set -x in steps");
    app.add_option(
           "--network",
           flags.network,
           "network of steps that do not ask for it (`network: true`): none or host"
    )
        ->check(CLI::IsMember({"none", "host"}))
        ->capture_default_str();
    app.add_option("--runner", flags.runner, "bubblewrap (the only one so far)")
        ->check(CLI::IsMember({"bubblewrap", "auto", ""}));
    app.add_flag("--debug-runner", flags.accepted, "accepted; nothing is left running here")
        ->group("");
    app.add_option("--cache-source", flags.accepted_text, "accepted, unused")->group("");
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
