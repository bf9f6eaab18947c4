// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/resolver.hpp"
#include "repository/package_pool.hpp"

#include <chrono>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace quern::repository {

/// A Resolution by numbers of a pool.
struct SearchedSet {
    std::vector<PackageId> packages;
    bool used_search = false;
    std::vector<std::string> notes;
    std::chrono::steady_clock::time_point deadline;  ///< up to which more may be searched
};

/// The world as sorted texts, each once: the order of a list in a recipe means nothing.
std::vector<Relation> make_world(PackagePool& pool, std::span<const apk::Dependency> world);

/// `decide` in a pool that is there already; peers are those of the pool.
Result<std::variant<SearchedSet, Refusal>> decide_in(
    PackagePool& pool, std::span<const Relation> world, const ResolveOptions& options
);

}  // namespace quern::repository
