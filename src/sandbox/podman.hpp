// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/obstacle.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace quern::sandbox {

class UserNamespace;

/// One `podman run --rootfs` for each command, with the ids of the guest namespace of
/// `user_namespace`, which must outlive it. What podman keeps lies below `scratch` and is gone with
/// the command; nothing of the user's podman is read or changed. Errors: sandbox (no podman).
Result<std::unique_ptr<Sandbox>> make_podman(
    const UserNamespace& user_namespace, const std::filesystem::path& scratch
);

/// Why podman cannot run here, as far as can be told without it.
std::optional<Obstacle> podman_obstacle();

}  // namespace quern::sandbox
