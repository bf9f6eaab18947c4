// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/runner.hpp"

#include "sandbox/bubblewrap.hpp"
#include "sandbox/chroot.hpp"
#include "sandbox/docker.hpp"
#include "sandbox/obstacle.hpp"
#include "sandbox/podman.hpp"
#include "sandbox/probe.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <utility>

namespace quern::sandbox {

namespace {

std::optional<Obstacle> namespace_obstacle() {
    const int err = try_guest_namespace();
    return err == 0 ? std::nullopt : user_namespace_obstacle("/proc", err);
}

std::optional<Obstacle> first_of(std::optional<Obstacle> first, std::optional<Obstacle> second) {
    return first ? std::move(first) : std::move(second);
}

/// One rung of the ladder.
struct Rung {
    Runner runner;
    std::string_view name;
    std::optional<Obstacle> (*obstacle)();
    const char* what;  ///< that it keeps apart, for those who read `doctor`
};

constexpr std::array<Rung, 4> ladder = {
    {{Runner::bubblewrap,
      "bubblewrap",
      [] { return first_of(bubblewrap_obstacle(), namespace_obstacle()); },
      "namespaces of all kinds, no real root"},
     {Runner::chroot,
      "chroot",
      chroot_obstacle,
      "this container's root without its rights; no /proc and no loopback where nothing can be "
      "mounted"},
     {Runner::docker,
      "docker",
      docker_obstacle,
      "a container of the engine; its root is the machine's unless the engine maps ids"},
     {Runner::podman,
      "podman",
      [] { return first_of(podman_obstacle(), namespace_obstacle()); },
      "a container in the namespaces of this user"}}};

Result<OpenRunner> open_in_namespace(const RunnerRequest& request, Runner runner) {
    OpenRunner open;
    QUERN_TRY(UserNamespace names, UserNamespace::enter(request.range));
    open.names = std::make_unique<UserNamespace>(std::move(names));
    open.ids = open.names->ids();
    if (runner == Runner::bubblewrap) {
        QUERN_TRY(open.sandbox, make_bubblewrap(*open.names));
    } else {
        QUERN_TRY(open.sandbox, make_podman(*open.names, request.scratch));
    }
    return open;
}

Result<OpenRunner> open_docker(const RunnerRequest& request) {
    if (const auto obstacle = docker_obstacle()) {
        return to_error(*obstacle);
    }
    OpenRunner open;
    // Trees come back to this machine with owners of their own where a range of ids is at hand.
    if (!namespace_obstacle()) {
        QUERN_TRY(UserNamespace names, UserNamespace::enter(request.range));
        open.names = std::make_unique<UserNamespace>(std::move(names));
        open.ids = open.names->ids();
    } else if (::geteuid() == 0) {
        open.ids = {.first = 0, .count = 65'536};
    } else {
        open.ids = {.first = ::geteuid(), .count = 1};
    }
    open.sandbox = make_docker(open.ids, request.scratch);
    return open;
}

Result<OpenRunner> open_rung(const RunnerRequest& request, const Rung& rung) {
    switch (rung.runner) {
        case Runner::chroot: {
            OpenRunner open;
            open.ids = {.first = 0, .count = 65'536};
            QUERN_TRY(open.sandbox, make_chroot());
            return open;
        }
        case Runner::docker:
            return open_docker(request);
        default:
            return open_in_namespace(request, rung.runner);
    }
}

}  // namespace

std::optional<Runner> parse_runner(std::string_view name) {
    if (name.empty() || name == "auto") {
        return Runner::automatic;
    }
    for (const Rung& rung : ladder) {
        if (rung.name == name) {
            return rung.runner;
        }
    }
    return std::nullopt;
}

Result<OpenRunner> open_runner(const RunnerRequest& request) {
    std::string causes;
    std::string fix;
    for (const Rung& rung : ladder) {
        if (request.runner != Runner::automatic && request.runner != rung.runner) {
            continue;
        }
        const std::optional<Obstacle> obstacle = rung.obstacle();
        if (!obstacle) {
            return open_rung(request, rung);
        }
        if (request.runner != Runner::automatic) {
            return Error(
                       ErrorCode::sandbox,
                       fmt::format("--runner {} does not work here: {}", rung.name, obstacle->cause)
            )
                .help(obstacle->fix);
        }
        causes += fmt::format("\n  {}: {}", rung.name, obstacle->cause);
        fix = fix.empty() ? obstacle->fix : fix;
    }
    return Error(ErrorCode::sandbox, "no runner works on this machine:" + causes)
        .help(fix + "; 'quern doctor' has the fix for each");
}

std::vector<Finding> examine_runners() {
    std::vector<Finding> findings;
    for (const Rung& rung : ladder) {
        const std::optional<Obstacle> obstacle = rung.obstacle();
        findings.push_back(
            {.subject = fmt::format("runner {}", rung.name),
             .works = !obstacle,
             .detail = obstacle ? obstacle->cause : rung.what,
             .fix = obstacle ? obstacle->fix : ""}
        );
    }
    return findings;
}

}  // namespace quern::sandbox
