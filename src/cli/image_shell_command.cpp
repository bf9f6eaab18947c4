// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/environment.hpp"
#include "build/execute.hpp"
#include "build/guest.hpp"
#include "build/scratch.hpp"
#include "cli/guest_command.hpp"
#include "cli/image_flags.hpp"
#include "cli/index_flags.hpp"
#include "cli/step_flags.hpp"
#include "image/stored_image.hpp"
#include "image/unpack_image.hpp"
#include "quern/package_info.hpp"
#include "quern/plan.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quern::cli {
namespace {

constexpr const char* place_in_guest = "/image";

struct ShellFlags {
    EnvironmentFlags environment;
    std::string image;
    std::vector<std::string> command;
    std::string architecture, runner;
    bool network = false;
};

/// The image's root on disk for as long as the result lives; only this user can look into it.
Result<build::Scratch> unpack(
    const ShellFlags& flags, const build::Services& services, const archive::ExtractLimits& limits
) {
    const std::string architecture =
        flags.architecture.empty() ? std::string() : apk::to_apk_architecture(flags.architecture);
    auto opened = image::StoredImage::open(flags.image, architecture);
    if (!opened) {
        return std::move(opened).error().context(
            fmt::format("opening the image {}", printable(flags.image))
        );
    }
    QUERN_TRY(
        build::Scratch place,
        build::Scratch::create(services.cache_directory / "image" / "roots", "shell-")
    );
    QUERN_TRY(const FileTree tree, FileTree::create(place.path() / "root"));
    Activity activity(services.reporter, "unpacking the image");
    auto report = image::unpack_image(*opened, tree, {services.ids, limits, services.cancel});
    if (!report) {
        return std::move(report).error().context(
            fmt::format("unpacking the image {}", printable(flags.image))
        );
    }
    activity.outcome("done");
    if (report->devices != 0) {
        services.reporter.note(fmt::format("{} devices were left out", report->devices));
    }
    return place;
}

Result<void> run_shell(const ShellFlags& flags, const Invocation& invocation) {
    if (flags.image.empty()) {
        return Error(ErrorCode::usage, "no image was named").help("--help shows examples");
    }
    QUERN_TRY(sandbox::Command command, guest_command(flags.command, flags.network));
    QUERN_TRY(
        const auto session, guest_session(invocation, flags.runner, flags.environment.offline)
    );
    pipeline::Library library({}, session->reader());
    const build::Services services = session->services(library);
    build::EnvironmentOptions options = environment_options(flags.environment);
    if (options.extra_packages.empty()) {
        options.extra_packages = {"busybox"};
    }
    QUERN_TRY(const build::Scratch place, unpack(flags, services, session->limits().archive));
    QUERN_TRY(
        const auto environment,
        build::resolve_environment({}, apk::host_architecture(), options, services)
    );
    QUERN_TRY(const rootfs::CachedRoot root, build::prepare_root(environment, services));
    QUERN_TRY(build::OwnGuest own, build::OwnGuest::create(root, {}, services));
    own.add_mounts({{place.path() / "root", place_in_guest, true}});
    QUERN_CHECK(build::prepare_guest(own.guest(), services));
    command.working_directory = place_in_guest;
    if (command.interactive) {
        services.reporter.note(fmt::format(
            "the image is at {}, to be read only; all else is of the tools", place_in_guest
        ));
    }
    return run_in_guest(own.guest(), command, services);
}

}  // namespace

Run define_image_shell(CLI::App& app) {
    const auto flags = std::make_shared<ShellFlags>();
    add_option(
        app, "image", flags->image, "an OCI layout, an OCI archive, or an archive of docker"
    );
    add_option(
        app,
        "command",
        flags->command,
        "what to run, behind `--`; default: /bin/sh, which reads standard input"
    );
    add_environment_flags(app, flags->environment, "-p,--package");
    describe_option(app, "--package", "packages of the tools; default: busybox");
    add_option(app, "--arch", flags->architecture, "which image, if there are several");
    add_flag(app, "--network", flags->network, "give the command the host's network");
    add_runner_flag(app, flags->runner);
    return [flags](const Invocation& invocation) { return run_shell(*flags, invocation); };
}

}  // namespace quern::cli
