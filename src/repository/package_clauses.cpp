// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_clauses.hpp"

#include "quern/version.hpp"

#include <algorithm>

namespace quern::repository {

namespace {

/// The order of the greedy walk without what depends on earlier choices, and made transitive: no
/// version is lower than any.
bool is_better(const PackagePool& pool, PackageId a, PackageId b, NameId name) {
    const std::string_view first_version = pool.version_for(a, name);
    const std::string_view second_version = pool.version_for(b, name);
    if (first_version.empty() != second_version.empty()) {
        return second_version.empty();
    }
    if (const auto order = apk::compare_versions(first_version, second_version); order != 0) {
        return order > 0;
    }
    const apk::IndexRow first = pool.row(a);
    const apk::IndexRow second = pool.row(b);
    if (first.provider_priority != second.provider_priority) {
        return first.provider_priority > second.provider_priority;
    }
    if (const auto order = apk::compare_versions(first.version, second.version); order != 0) {
        return order > 0;
    }
    return first.name != second.name ? first.name < second.name : a < b;
}

}  // namespace

PackageClauses::PackageClauses(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> preferred
)
    : pool_(pool), is_preferred_(pool.size()), package_needs_(pool.size()) {
    for (const PackageId id : preferred) {
        is_preferred_[id] = true;
    }
    for (PackageId id = 0; id < pool.size(); ++id) {
        const std::size_t index = pool.index_number(id);
        if (index < is_visible_.size()) {
            continue;
        }
        const std::string_view tag = pool.tag(id);
        is_visible_.resize(index + 1);
        is_visible_[index] =
            tag.empty() || std::any_of(world.begin(), world.end(), [tag](const Relation& relation) {
                return relation.tag == tag;
            });
    }
    for (const Relation& relation : world) {
        if (relation.is_conflict) {
            add_world_conflict(relation);
        } else {
            world_needs_.push_back(add_need(no_id, relation));
        }
    }
}

void PackageClauses::add_world_conflict(const Relation& relation) {
    const auto& all = world_candidates_.emplace_back(find_candidates(relation));
    for (std::size_t i = 0; i < all.size(); ++i) {
        needs_.push_back({no_id, &relation, std::span(all).subspan(i, 1)});
    }
}

std::uint32_t PackageClauses::add_need(PackageId owner, const Relation& relation) {
    const auto number = static_cast<std::uint32_t>(needs_.size());
    needs_.push_back(
        {owner,
         &relation,
         owner == no_id ? world_candidates_.emplace_back(find_candidates(relation))
                        : candidates_of_package(relation)}
    );
    return number;
}

/// Many packages ask for the same thing.
std::span<const PackageId> PackageClauses::candidates_of_package(const Relation& relation) {
    auto found = by_relation_.find(relation.text);
    if (found == by_relation_.end()) {
        found = by_relation_.emplace(relation.text, find_candidates(relation)).first;
    }
    return found->second;
}

const std::vector<PackageId>& PackageClauses::in_order(NameId name) {
    const auto [found, is_new] = ordered_.try_emplace(name);
    std::vector<PackageId>& ordered = found->second;
    if (!is_new) {
        return ordered;
    }
    for (const PackageId id : pool_.candidates(name)) {
        // One that provides a name twice stands there twice, side by side.
        const bool is_again = !ordered.empty() && ordered.back() == id;
        if (is_visible_[pool_.index_number(id)] && pool_.missing_for(id).empty() && !is_again) {
            ordered.push_back(id);
        }
    }
    std::stable_sort(ordered.begin(), ordered.end(), [this, name](PackageId a, PackageId b) {
        return is_better(pool_, a, b, name);
    });
    ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
    return ordered;
}

std::vector<PackageId> PackageClauses::find_candidates(const Relation& relation) {
    std::vector<PackageId> found;
    for (const PackageId id : in_order(relation.name)) {
        if (pool_.satisfies(id, relation)) {
            found.push_back(id);
        }
    }
    std::stable_partition(found.begin(), found.end(), [&](PackageId id) {
        return !relation.tag.empty() && pool_.tag(id) == relation.tag;
    });
    std::stable_partition(found.begin(), found.end(), [this](PackageId id) {
        return bool(is_preferred_[id]);
    });
    return found;
}

std::vector<Literal> PackageClauses::literals_of(std::uint32_t number) const {
    const Need& need = needs_[number];
    std::vector<Literal> literals;
    if (need.owner != no_id) {
        literals.push_back(left(need.owner));
    }
    for (const PackageId id : need.candidates) {
        literals.push_back(need.relation->is_conflict ? left(id) : taken(id));
    }
    return literals;
}

std::vector<Axiom> PackageClauses::clauses_of_world() const {
    std::vector<Axiom> axioms;
    for (std::uint32_t number = 0; number < needs_.size(); ++number) {
        if (needs_[number].owner == no_id) {
            axioms.push_back({number, literals_of(number)});
        }
    }
    return axioms;
}

std::vector<Axiom> PackageClauses::clauses_of(Variable package) {
    std::vector<Axiom> axioms;
    for (const Relation& relation : pool_.depends(package)) {
        if (relation.is_conflict || pool_.satisfies(package, relation)) {
            continue;
        }
        const std::uint32_t number = add_need(package, relation);
        package_needs_[package].push_back(number);
        axioms.push_back({number, literals_of(number)});
    }
    return axioms;
}

std::span<const Variable> PackageClauses::excluded_by(Variable package) {
    // Longer lists, of names with thousands of versions, would fill the memory.
    constexpr std::size_t longest_kept = 256;
    const auto found = excluded_.find(package);
    if (found != excluded_.end()) {
        return found->second;
    }
    scratch_.clear();
    find_excluded(package, scratch_);
    return scratch_.size() > longest_kept ? scratch_ : (excluded_[package] = scratch_);
}

/// What cannot be beside a package: what it names with '!', other versions of it, and others for a
/// name that one of both provides with a version. Source: apk-format 6, "Provides / solver".
void PackageClauses::find_excluded(PackageId package, std::vector<Variable>& excluded) const {
    const NameId own = pool_.name(package);
    for (const Relation& relation : pool_.depends(package)) {
        for (const PackageId other :
             pool_.candidates(relation.is_conflict ? relation.name : no_id)) {
            if (pool_.name(other) != own && pool_.satisfies(other, relation)) {
                excluded.push_back(other);
            }
        }
    }
    for (const PackageId other : pool_.candidates(own)) {
        const bool is_version = pool_.name(other) == own && other != package;
        if (is_version || (pool_.name(other) != own && pool_.is_sole_provider(other, own))) {
            excluded.push_back(other);
        }
    }
    for (const Provide& provide : pool_.provides(package)) {
        for (const PackageId other : pool_.candidates(provide.name)) {
            const bool is_sole =
                !provide.version.empty() || pool_.is_sole_provider(other, provide.name);
            if (pool_.name(other) != own && is_sole) {
                excluded.push_back(other);
            }
        }
    }
    std::sort(excluded.begin(), excluded.end());
    excluded.erase(std::unique(excluded.begin(), excluded.end()), excluded.end());
}

}  // namespace quern::repository
