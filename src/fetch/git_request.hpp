// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/git.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::fetch {

/// Checks what a recipe says before anything is done with it: exclusive inputs, hex digits,
/// schemes, names that look like options. Adds warnings for what is allowed but unsafe. Errors:
/// usage, unsupported, invalid_data (destination).
Result<void> check_request(const GitRequest& request, std::vector<std::string>& warnings);

/// Commits of history that the guest's `.git` has; -1 for all. Source: recipe-and-build 5.1,
/// git-checkout.
int effective_depth(const GitRequest& request);

/// A name that must not be an entry of a tree: empty, ".", "..", with '/' or NUL, or one that some
/// system takes for ".git".
bool is_hostile_entry_name(std::string_view name);

}  // namespace quern::fetch
