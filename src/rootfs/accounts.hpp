// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "rootfs/assemble.hpp"
#include "rootfs/guest_tree.hpp"

#include <vector>

namespace quern::rootfs {

/// Adds accounts to etc/passwd, etc/group and etc/shadow, unless one of that name is there. Errors:
/// io, invalid_data (a name that would break the file). Source: image-and-resolver 5.1.
Result<void> add_accounts(
    const GuestTree& tree, const std::vector<User>& users, const std::vector<Group>& groups
);

}  // namespace quern::rootfs
