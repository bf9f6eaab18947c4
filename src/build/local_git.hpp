// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quern {
class CancelToken;
}

namespace quern::build {

/// Runs the machine's git in a directory of this user and gives what it printed. It sees no
/// settings but ours: what the directory holds can name no hook, filter or program to run, and its
/// commits are the same wherever and whenever they are made. `accepted` is an exit status that is
/// no failure either. Errors: unsupported (no git here), invalid_data (it failed; the message has
/// what it said), interrupted.
Result<std::string> run_git(
    const std::filesystem::path& directory,
    const std::vector<std::string>& words,
    const CancelToken& cancel,
    int accepted = 0
);

}  // namespace quern::build
