// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"
#include "quern/keyring.hpp"
#include "quern/reporter.hpp"
#include "quern/repository.hpp"
#include "support/cancel.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

struct IndexClientOptions {
    std::string architecture;               ///< apk's name
    std::filesystem::path cache_directory;  ///< of remote indexes
    bool ignore_signatures = false;
    bool offline = false;
    apk::IndexLimits limits;
};

/// Reads the indexes of repositories for the architecture of `options`, remote ones in parallel,
/// each signature checked. Order as in `locations`. A missing local index is skipped with a
/// warning, a missing remote one is an error. Errors: network, not_found, signature, invalid_data,
/// limit; the message has the repository, without passwords.
Result<std::vector<RepositoryIndex>> read_indexes(
    std::span<const Location> locations,
    const apk::Keyring& keyring,
    fetch::Fetcher& fetcher,
    const IndexClientOptions& options,
    Reporter& reporter
);

}  // namespace quern::repository
