// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "seed/apt.hpp"
#include "support/cancel.hpp"
#include "support/thread_pool.hpp"

#include <filesystem>
#include <vector>

namespace quern::seed {

/// .debs by their SHA-256: `<directory>/<hex>.deb`. What is here was checked when it came in.
class DebStore {
 public:
    explicit DebStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

    std::filesystem::path path_of(const AptPackage& package) const;
    /// Those of `packages` that are not here.
    Result<std::vector<AptPackage>> missing(const std::vector<AptPackage>& packages) const;
    /// Downloads with apt and checks each file's SHA-256 before it gets its name. Errors: network,
    /// digest_mismatch, io, interrupted.
    Result<void> fetch(
        const std::vector<AptPackage>& packages,
        const Apt& apt,
        ThreadPool& pool,
        Reporter& reporter,
        const CancelToken& cancel
    ) const;

 private:
    std::filesystem::path directory_;
};

}  // namespace quern::seed
