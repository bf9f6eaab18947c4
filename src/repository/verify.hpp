// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"
#include "quern/package_file.hpp"
#include "quern/repository.hpp"
#include "support/thread_pool.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

/// One thing wrong with a repository.
struct Finding {
    /// index-signature, index-damaged, index-differs, entry-twice, file-missing, file-unlisted,
    /// package-damaged, package-signature, checksum-differs, entry-differs, data-damaged,
    /// unmet-dependency, not-installable, file-conflict, wrong-architecture.
    std::string id;
    std::string where;  ///< the file or the package, below the directory that was named
    std::string what;
    /// Signatures and hashes: somebody may have changed something.
    bool is_about_trust() const;
};

/// An error as a finding tells it: with what to do next.
std::string told(const Error& error);

struct VerifyOptions {
    const apk::Keyring* keyring = nullptr;  ///< signatures are not looked at without
    /// Whether all that packages need must be there, in the repository or beside it.
    bool is_closed = false;
    /// Repositories that clients have beside it, for an architecture. May be empty.
    std::function<Result<std::vector<RepositoryIndex>>(std::string_view architecture)> beside = {};
    apk::PackageLimits package_limits = {};
};

/// Everything that a client would notice and more: index signature, index against files, hash
/// chains, package signatures, leftover files, dependencies, files of two packages that can be
/// installed together. `directory` holds an index, or directories that do. Findings are in the
/// order of the index. Errors: not_found (no index), io, what `beside` gives,
/// interrupted.
Result<std::vector<Finding>> verify_repository(
    const std::filesystem::path& directory, const VerifyOptions& options, ThreadPool& pool
);

}  // namespace quern::repository
