// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <set>
#include <string>
#include <vector>

namespace quern::cli {

/// Flags that name repositories for commands that only look into them.
struct RepositoryFlags {
    std::vector<std::string> repositories, keyring;
    bool ignore_signatures = false;
    bool offline = false;
    bool is_given() const { return !repositories.empty(); }
};
void add_repository_flags(CLI::App& app, RepositoryFlags& flags);

/// Names of packages and of what they provide, in any of the architectures. Errors: those of
/// reading indexes.
Result<std::set<std::string, std::less<>>> known_packages(
    const RepositoryFlags& flags,
    const std::vector<std::string>& architectures,
    const Invocation& invocation
);

}  // namespace quern::cli
