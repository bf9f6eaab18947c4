// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/package_pool.hpp"

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace quern::repository {

/// What is wrong with a set of packages: dependencies that nothing in it satisfies, conflicts
/// between members, two versions of one package, two members for a name that is provided with a
/// version. Empty for a sound set. Source: apk-format 6.
std::vector<std::string> find_breaches(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> packages
);

/// `packages` in install order: each after what it depends on, cycles cut where they are entered.
/// What neither the world nor one of `extras` needs is left out; extras come last.
std::vector<PackageId> in_install_order(
    PackagePool& pool,
    std::span<const Relation> world,
    std::span<const PackageId> packages,
    std::span<const PackageId> extras = {}
);

/// How a set hangs together: for each name, which members stand for it.
class MemberTable {
 public:
    MemberTable(const PackagePool& pool, std::span<const PackageId> packages);
    std::span<const PackageId> members_for(NameId name) const;
    /// The member that satisfies `relation`, the one of that very name first; no_id if none does.
    PackageId satisfier(const Relation& relation) const;

 private:
    const PackagePool& pool_;
    std::unordered_map<NameId, std::vector<PackageId>> members_;
};

}  // namespace quern::repository
