// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/clause_solver.hpp"
#include "repository/package_clauses.hpp"
#include "repository/package_pool.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quern::repository {

/// Relations and pairs of packages that cannot all hold: a proof that there is no set.
struct Contradiction {
    struct Part {
        PackageId owner = no_id;  ///< no_id: the world
        const Relation* relation = nullptr;
        std::vector<PackageId> candidates;
    };
    std::vector<Part> parts;
    std::vector<std::pair<PackageId, PackageId>> exclusions;
};

struct SearchOptions {
    std::chrono::steady_clock::time_point deadline;
    std::span<const PackageId> preferred;  ///< taken wherever they fit; in install order
};

/// Finds a sound set for a world or proves that there is none.
class CompleteSearch {
 public:
    enum class Outcome { found, impossible, out_of_time };  ///< or out of memory

    CompleteSearch(
        PackagePool& pool, std::span<const Relation> world, const SearchOptions& options
    );

    /// The set keeps of the preferred packages as many as can be had: none more can be added to
    /// those kept.
    Outcome run();
    /// Adds a package that the world does not need, with what it needs itself, if that goes without
    /// changing what was found.
    bool extend(PackageId extra);
    /// Whether there is a set that holds `package`. Says yes when it takes too long to know.
    bool could_hold(PackageId package);

    /// What was found, each after what it depends on.
    const std::vector<PackageId>& packages() const { return packages_; }
    /// Behind `impossible`. Not the smallest.
    Contradiction contradiction() const;

 private:
    Outcome solve(std::span<const PackageId> assumed);
    const Need* next_open();
    bool is_met(const Need& need) const;
    bool may_go_on();
    void keep_more();
    std::vector<PackageId> ordered() const;
    void allow_steps(std::uint64_t count);

    PackagePool& pool_;
    std::span<const Relation> world_;
    SearchOptions options_;
    PackageClauses clauses_;
    ClauseSolver solver_;
    std::vector<PackageId> packages_;
    std::vector<PackageId> extras_;
    /// How far the needs of the world and of the trail are known to be met, by level.
    struct Progress {
        std::size_t world = 0;
        std::size_t trail = 0;
    };
    Progress progress_;
    std::vector<Progress> level_progress_;
    std::uint64_t steps_ = 0;
    std::uint64_t last_step_ = UINT64_MAX;  ///< bound of what is not bounded by time
    bool is_out_of_time_ = false;
};

}  // namespace quern::repository
