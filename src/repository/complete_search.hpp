// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/package_pool.hpp"

#include <chrono>
#include <span>
#include <vector>

namespace quern::repository {

struct SearchOptions {
    std::chrono::steady_clock::time_point deadline;
    std::span<const PackageId> preferred;  ///< taken wherever they fit
};

struct SearchResult {
    enum class Outcome { found, impossible, out_of_time };
    Outcome outcome = Outcome::out_of_time;
    std::vector<PackageId> packages;  ///< in no order; may hold more than the world needs
};

/// Finds a sound set for `world` or proves that there is none.
SearchResult search_completely(
    PackagePool& pool, std::span<const Relation> world, const SearchOptions& options
);

}  // namespace quern::repository
