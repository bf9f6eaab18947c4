// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace quern::sandbox {

/// What stands in the way on this machine, and how its owner takes it away.
struct Obstacle {
    std::string cause;
    std::string fix;
};

/// Why this process cannot make user namespaces, from the kernel's settings below `proc` ("/proc").
/// `err` is what unshare(2) gave, 0 if it was not tried. Nothing if no setting forbids it and `err`
/// is 0.
std::optional<Obstacle> user_namespace_obstacle(const std::filesystem::path& proc, int err);

/// Why a user has no range of ids: no newuidmap, or nothing in /etc/subuid. `user` is the name for
/// the fix.
Obstacle missing_range_obstacle(bool has_tools, const std::string& user);

/// `cause` as ErrorCode::sandbox with the fix as its help.
Error to_error(const Obstacle& obstacle);

}  // namespace quern::sandbox
