// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "rootfs/assemble.hpp"
#include "rootfs/guest_tree.hpp"

#include <vector>

namespace quern::rootfs {

/// Applies `paths` in order. Nothing outside of the root is reached, whatever the paths and links
/// in it say. Errors: io, invalid_data. Source: image-and-resolver 5.3.
Result<void> apply_paths(const GuestTree& tree, const std::vector<PathMutation>& paths);

}  // namespace quern::rootfs
