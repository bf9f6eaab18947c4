// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/environment_request.hpp"
#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "repository/lock_file.hpp"

#include <optional>
#include <vector>

namespace quern::build {

/// What a lock says of a request, without the packages: what was asked for, where, with which keys.
/// Errors: invalid_data.
Result<repository::LockFile> lock_of(const EnvironmentRequest& request);

/// Why `lock` does not answer `request`, one line each; empty if it does.
Result<std::vector<std::string>> drift(
    const repository::LockFile& lock, const EnvironmentRequest& request
);

/// The packages that the lock file of `options` names; nothing if there is none, or if it answers
/// another request (then with a warning). With `locked` both are errors.
/// Errors: not_found, invalid_recipe (drift; the message has the difference), invalid_data.
Result<std::optional<std::vector<repository::Selected>>> read_locked_packages(
    const EnvironmentRequest& request, const EnvironmentOptions& options, Reporter& reporter
);

/// Resolves the environment of one recipe for the one architecture of `options.load` and adds it to
/// `lock`, fetching the packages to name their parts. Errors: those of a build before its first
/// step.
Result<void> add_to_lock(
    repository::LockFile& lock, const BuildOptions& options, const Services& services
);

}  // namespace quern::build
