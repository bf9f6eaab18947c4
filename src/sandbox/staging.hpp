// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/namespace_spawn.hpp"

#include <vector>

namespace quern::sandbox {

/// A step that ran before may have replaced a mount point by a link, which programs that mount
/// follow. Errors: sandbox.
Result<void> check_mount_points(const Guest& guest);

/// The guest as a spawned process sees it: every source is one of the staged trees, which are added
/// to `trees`.
Result<Guest> stage(const Guest& guest, std::vector<DetachedTree>& trees);

/// Errors: sandbox.
Result<UniqueFd> open_path(const char* path, int flags);

}  // namespace quern::sandbox
