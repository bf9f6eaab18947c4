// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::sandbox {

/// Names ("CAP_CHOWN") of what a command has: for root the list of recipe-and-build 12.2, for
/// others nothing, then what the command adds and drops. Sorted. Only root has capabilities of its
/// own: another user's would reach over all ids of the guest, which is what running as that user is
/// to prevent.
std::vector<std::string> capabilities_of(const Command& command);

/// Bits as the kernel counts them; unknown names are left out. Source: linux/capability.h.
std::uint64_t capability_mask(const std::vector<std::string>& names);

}  // namespace quern::sandbox
