// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/obstacle.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace quern::sandbox {

/// Runs commands with chroot as the root of the container that this process is in. What it keeps
/// apart depends on what the container may: with CAP_SYS_ADMIN namespaces of their own for
/// processes, mounts, network, IPC and host name, without it none of them; then the filter of
/// system calls refuses the network and signals to us, and what is left of a command is found and
/// killed. Errors: sandbox (not root, no container).
Result<std::unique_ptr<Sandbox>> make_chroot();

/// Why it is refused here.
std::optional<Obstacle> chroot_obstacle();

/// Whether the machine whose files lie below `root` is a container, by the marks that engines
/// leave. `variable` looks up our environment.
bool is_container(
    const std::filesystem::path& root,
    const std::function<std::optional<std::string>(const char*)>& variable
);

}  // namespace quern::sandbox
