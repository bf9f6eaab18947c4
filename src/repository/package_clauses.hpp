// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/clause_solver.hpp"
#include "repository/package_pool.hpp"

#include <deque>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quern::repository {

/// One relation of a package or of the world, with the packages that it is about, the best first.
struct Need {
    PackageId owner = no_id;  ///< no_id: the world
    const Relation* relation = nullptr;
    /// Those of which one must be taken; for a conflict of the world one that must not.
    std::span<const PackageId> candidates;
};

/// Packages and what binds them as clauses for a solver: a variable is a package, a dependency is
/// "not this package, or one of those that satisfy it". Made bit by bit, for the packages that the
/// solver takes.
class PackageClauses final : public ClauseSource {
 public:
    /// `preferred` are taken wherever they fit.
    PackageClauses(
        PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> preferred
    );

    std::vector<Axiom> clauses_of(Variable package) override;
    std::span<const Variable> excluded_by(Variable package) override;
    std::vector<Axiom> clauses_of_world() const;

    /// The number of an axiom is a place here.
    const Need& need(std::uint32_t number) const { return needs_[number]; }
    std::span<const std::uint32_t> world_needs() const { return world_needs_; }
    /// Empty until its clauses were asked for. Dependencies that it satisfies itself are left out.
    std::span<const std::uint32_t> needs_of(PackageId package) const {
        return package_needs_[package];
    }
    std::vector<Literal> literals_of(std::uint32_t number) const;

 private:
    std::uint32_t add_need(PackageId owner, const Relation& relation);
    void add_world_conflict(const Relation& relation);
    std::vector<PackageId> find_candidates(const Relation& relation);
    std::span<const PackageId> candidates_of_package(const Relation& relation);
    const std::vector<PackageId>& in_order(NameId name);
    void find_excluded(PackageId package, std::vector<Variable>& excluded) const;

    PackagePool& pool_;
    std::vector<bool>
        is_visible_;  ///< by index: packages of a tag that the world does not name are not there
    std::vector<bool> is_preferred_;
    std::deque<Need> needs_;
    std::vector<std::uint32_t> world_needs_;
    std::vector<std::vector<std::uint32_t>> package_needs_;
    std::unordered_map<NameId, std::vector<PackageId>> ordered_;
    std::unordered_map<std::string_view, std::vector<PackageId>> by_relation_;
    std::deque<std::vector<PackageId>> world_candidates_;
    std::unordered_map<PackageId, std::vector<Variable>> excluded_;
    std::vector<Variable> scratch_;  ///< a list that is too long to be kept
};

}  // namespace quern::repository
