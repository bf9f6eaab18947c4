// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/complete_search.hpp"
#include "repository/package_pool.hpp"

#include <string>
#include <utility>
#include <vector>

namespace quern::repository {

/// Why two packages exclude each other.
struct ExclusionRule {
    enum class Kind { one_version, one_provider, conflict };
    Kind kind = Kind::one_version;
    NameId name = no_id;      ///< the package, or what both provide, or what the conflict names
    PackageId owner = no_id;  ///< of the conflict
    const Relation* relation = nullptr;  ///< the conflict

    friend bool operator==(const ExclusionRule&, const ExclusionRule&) = default;
};
ExclusionRule rule_of(PackagePool& pool, PackageId a, PackageId b);

/// A part of a contradiction that is told in one line: the same relation of several versions of a
/// package, or all pairs that one rule excludes.
struct Statement {
    std::vector<Contradiction::Part> parts;  ///< empty: an exclusion
    ExclusionRule rule;
    std::vector<std::pair<PackageId, PackageId>> exclusions;
};

/// The statements without any that could be left out, each as near to the world as it can be told,
/// exclusions last. Bounded in steps: the rest then stays.
std::vector<Statement> minimal_statements(PackagePool& pool, const Contradiction& contradiction);

}  // namespace quern::repository
