// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/guest.hpp"
#include "build/guest_changes.hpp"
#include "build/last_failure.hpp"
#include "cli/command.hpp"
#include "cli/guest_command.hpp"
#include "cli/index_flags.hpp"
#include "cli/session.hpp"
#include "cli/step_flags.hpp"
#include "quern/package_info.hpp"
#include "quern/plan.hpp"
#include "rootfs/overlay.hpp"
#include "support/file_tree.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct EnterFlags {
    EnvironmentFlags environment;
    std::vector<std::string> command;
    std::string architecture = "host", runner;
    bool network = false;
    std::filesystem::path save_patch;
};

// Also where the last command of the shell failed.
Result<void> run_and_save(
    const sandbox::Guest& guest,
    const sandbox::Command& command,
    const build::LastFailure& last,
    const std::filesystem::path& file,
    const build::Services& services
) {
    const auto open = [&] {
        return build::open_in_guest(guest.root, last.place.home, last.step.working_directory);
    };
    QUERN_TRY(const auto changes, build::GuestChanges::begin(open, services));
    auto done = run_in_guest(guest, command, services);
    QUERN_CHECK(changes.save(file, command.working_directory));
    return done;
}

Result<void> run_in_root(
    const rootfs::CachedRoot& root, const sandbox::Command& command, const build::Services& services
) {
    QUERN_TRY(const build::OwnGuest own, build::OwnGuest::create(root, {}, services));
    QUERN_CHECK(build::prepare_guest(own.guest(), services));
    return run_in_guest(own.guest(), command, services);
}

// Where the last build failed, with the step's variables and user. What is done there stays.
Result<void> run_in_failed_guest(
    const EnterFlags& flags, sandbox::Command command, const build::Services& services
) {
    if (services.sandbox.form() != sandbox::GuestForm::mounted) {
        return Error(
                   ErrorCode::usage,
                   fmt::format("no failed guest is kept for --runner {}", services.sandbox.name())
        )
            .help("leave --runner out, or name packages with -p");
    }
    QUERN_TRY(build::LastFailure last, build::read_last_failure(services.cache_directory));
    QUERN_TRY(
        const rootfs::Overlay overlay, rootfs::Overlay::mount(last.place.lowers, last.place.overlay)
    );
    command.environment = last.step.command.environment;
    if (command.interactive) {
        const char* terminal = std::getenv("TERM");
        command.environment.emplace_back("TERM", terminal == nullptr ? "xterm-256color" : terminal);
        services.reporter.note(
            fmt::format("this is the guest of step '{}' of {}", last.step.name, last.step.package)
        );
    }
    command.working_directory = last.step.working_directory;
    command.uid = last.step.command.uid;
    command.gid = last.step.command.gid;
    command.network = command.network || last.step.command.network;
    command.add_capabilities = last.step.command.add_capabilities;
    command.drop_capabilities = last.step.command.drop_capabilities;
    const sandbox::Guest guest = build::make_guest(overlay.path(), last.place.home);
    return flags.save_patch.empty()
               ? run_in_guest(guest, command, services)
               : run_and_save(guest, command, last, flags.save_patch, services);
}

Result<void> run_enter(const EnterFlags& flags, const Invocation& invocation) {
    QUERN_TRY(sandbox::Command command, guest_command(flags.command, flags.network));
    QUERN_TRY(
        const auto session, guest_session(invocation, flags.runner, flags.environment.offline)
    );
    pipeline::Library library({}, session->reader());
    const build::Services services = session->services(library);
    if (flags.environment.packages.empty()) {
        return run_in_failed_guest(flags, std::move(command), services);
    }
    const std::string architecture = flags.architecture == "host"
                                         ? apk::host_architecture()
                                         : apk::to_apk_architecture(flags.architecture);
    QUERN_TRY(
        const auto environment,
        build::resolve_environment(
            {}, architecture, environment_options(flags.environment), services
        )
    );
    QUERN_TRY(const rootfs::CachedRoot root, build::prepare_root(environment, services));
    return run_in_root(root, command, services);
}

}  // namespace

Run define_enter(CLI::App& app) {
    const auto flags = std::make_shared<EnterFlags>();
    add_option(
        app,
        "command",
        flags->command,
        "what to run, behind `--`; default: /bin/sh, which reads standard input"
    );
    add_list(
        app,
        "-p,--package",
        flags->environment.packages,
        "packages to install; none: the guest of the last failed build"
    );
    add_list(
        app,
        "-r,--repository-append",
        flags->environment.repositories,
        "repositories: directories or URLs"
    );
    add_list(
        app,
        "-k,--keyring-append",
        flags->environment.keyring,
        "trusted public keys of the repositories"
    );
    add_key_discovery_flag(app, flags->environment.key_discovery);
    add_resolve_timeout_flag(app, flags->environment.resolve_timeout);
    add_option(app, "--arch", flags->architecture, "architecture")->capture_default_str();
    add_flag(
        app,
        "--ignore-signatures",
        flags->environment.ignore_signatures,
        "take unsigned repositories"
    );
    add_flag(app, "--offline", flags->environment.offline, "use only what is in the cache");
    add_option(
        app,
        "--save-patch",
        flags->save_patch,
        "where changes of text files in the failed step's directory go, as a patch (-p1)"
    );
    add_flag(app, "--network", flags->network, "give the command the host's network");
    add_runner_flag(app, flags->runner);
    return [flags](const Invocation& invocation) { return run_enter(*flags, invocation); };
}

}  // namespace quern::cli
