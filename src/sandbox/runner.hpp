// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/user_namespace.hpp"
#include "support/guest_ids.hpp"

#include <filesystem>
#include <memory>

namespace quern::sandbox {

struct RunnerRequest {
    Runner runner = Runner::automatic;
    UserNamespace::Range range = UserNamespace::Range::automatic;
    std::filesystem::path scratch;  ///< for what a runner keeps while a command runs
};

/// What runs the steps of one process, and the ids that they have on disk.
struct OpenRunner {
    std::unique_ptr<UserNamespace> names;  ///< null: this process stays in the one it is in
    GuestIds ids;
    std::unique_ptr<Sandbox> sandbox;
};

/// Once, before any thread is started: may put this process into namespaces of its own. `automatic`
/// takes the first that works: bubblewrap, chroot, docker, podman. Errors: sandbox, with the cause
/// and the fix for this machine.
Result<OpenRunner> open_runner(const RunnerRequest& request);

}  // namespace quern::sandbox
