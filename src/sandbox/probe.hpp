// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace quern::sandbox {

/// errno of unshare with these CLONE_NEW… flags, in a process of its own; 0 if it is allowed.
int try_unshare(int flags);

/// errno of what a user namespace is made for: becoming root in it and changing mounts. Profiles of
/// AppArmor let the namespace be made and refuse that.
int try_guest_namespace();

/// Whether this process has all of these ("CAP_CHOWN").
bool has_capabilities(const std::vector<std::string>& names);

}  // namespace quern::sandbox
