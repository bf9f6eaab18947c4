// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A search that learns from conflicts. Each package that the world can lead to is a variable. A
// dependency is a clause: not this package, or one of those that satisfy it. Pairs that exclude
// each other (two versions of one package, sole providers of a name, "!name") are not written down
// as clauses, there can be millions of them: they are looked up when a package is taken. Decisions
// are made only for dependencies of packages that were taken, the preferred candidate first; so
// nothing is taken that nobody needs, and what the greedy walk chose stays where it can. A conflict
// is traced back to the first point where one decision explains it (first unique implication
// point); the clause found there is kept.
#include "repository/complete_search.hpp"

#include "quern/version.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace quern::repository {
namespace {

/// A package taken (positive) or left (negative); never 0.
using Literal = std::int32_t;
using ClauseId = std::uint32_t;

constexpr auto taken = [](PackageId id) { return static_cast<Literal>(id) + 1; };
constexpr auto left = [](PackageId id) { return -taken(id); };
constexpr auto package_of = [](Literal literal) {
    return static_cast<PackageId>(std::abs(literal) - 1);
};
std::size_t watch_place(Literal literal) {
    return 2 * static_cast<std::size_t>(package_of(literal)) + (literal < 0 ? 1U : 0U);
}

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
    const apk::IndexEntry& first = pool.entry(a);
    const apk::IndexEntry& second = pool.entry(b);
    if (first.provider_priority != second.provider_priority) {
        return first.provider_priority > second.provider_priority;
    }
    if (const auto order = apk::compare_versions(first.version, second.version); order != 0) {
        return order > 0;
    }
    return first.name != second.name ? first.name < second.name : a < b;
}

class Search {
 public:
    Search(PackagePool& pool, std::span<const Relation> world, const SearchOptions& options)
        : pool_(pool), world_(world), options_(options) {}

    SearchResult run();

 private:
    /// Why a variable has its value: a clause, or one package that excludes it.
    struct Reason {
        ClauseId clause = no_id;
        PackageId excluder = no_id;
    };
    /// Packages of which one must be taken, the best first. Beside the clause, because watching
    /// moves its literals about.
    using Need = std::vector<PackageId>;

    bool add_everything();
    void reach(PackageId id);
    bool add_clause(std::vector<Literal> literals);
    std::vector<PackageId> candidates_for(const Relation& relation) const;
    bool is_visible(PackageId id) const;
    void add_dependencies(PackageId id);

    int value(Literal literal) const {
        const int sign = values_[package_of(literal)];
        return literal > 0 ? sign : -sign;
    }
    bool assign(Literal literal, Reason reason);
    /// False on a conflict, which then stands in `conflict_`.
    bool propagate();
    bool propagate_exclusions(PackageId id);
    bool exclude(PackageId by, PackageId id);
    bool propagate_clauses(Literal falsified);
    bool learn();
    void undo_to(std::size_t level);
    std::vector<Literal> literals_behind(PackageId id) const;
    /// The next dependency that is open; null if all are met.
    const Need* next_open();
    bool is_met(const Need& need) const;
    bool has_time();

    PackagePool& pool_;
    std::span<const Relation> world_;
    const SearchOptions& options_;
    std::vector<std::vector<Literal>> clauses_;
    std::vector<std::vector<ClauseId>> watches_;
    std::vector<std::vector<Need>> needs_;  ///< by package
    std::vector<Need> world_needs_;
    std::vector<std::vector<PackageId>> excluded_by_;  ///< by package: those that its "!name" names
    std::vector<bool> is_reached_;
    std::vector<bool> is_preferred_;
    std::vector<PackageId> agenda_;
    std::vector<std::int8_t> values_;
    std::vector<Reason> reasons_;
    std::vector<std::uint32_t> levels_;
    std::vector<Literal> trail_;
    std::vector<std::size_t> level_starts_;
    std::vector<std::size_t> level_scans_;
    std::size_t propagated_ = 0;
    std::size_t scanned_ =
        0;  ///< all packages before this place of the trail have their dependencies met
    std::vector<Literal> conflict_;
    std::uint64_t steps_ = 0;
    bool is_out_of_time_ = false;
};

bool Search::has_time() {
    constexpr std::uint64_t steps_between_looks = 64;
    if (!is_out_of_time_ && ++steps_ % steps_between_looks == 0) {
        is_out_of_time_ = std::chrono::steady_clock::now() >= options_.deadline;
    }
    return !is_out_of_time_;
}

/// Packages of a tagged repository are there only for worlds that name the tag.
bool Search::is_visible(PackageId id) const {
    const std::string_view tag = pool_.tag(id);
    return tag.empty() ||
           std::any_of(world_.begin(), world_.end(), [tag](const Relation& relation) {
               return relation.tag == tag;
           });
}

std::vector<PackageId> Search::candidates_for(const Relation& relation) const {
    std::vector<PackageId> found;
    for (const PackageId id : pool_.candidates(relation.name)) {
        const bool is_new = std::find(found.begin(), found.end(), id) == found.end();
        if (is_new && pool_.satisfies(id, relation) && is_visible(id)) {
            found.push_back(id);
        }
    }
    std::stable_sort(found.begin(), found.end(), [&](PackageId a, PackageId b) {
        if (is_preferred_[a] != is_preferred_[b]) {
            return bool(is_preferred_[a]);
        }
        if (!relation.tag.empty() &&
            (pool_.tag(a) == relation.tag) != (pool_.tag(b) == relation.tag)) {
            return pool_.tag(a) == relation.tag;
        }
        return is_better(pool_, a, b, relation.name);
    });
    return found;
}

void Search::reach(PackageId id) {
    if (!is_reached_[id]) {
        is_reached_[id] = true;
        agenda_.push_back(id);
    }
}

/// False if the clause cannot be met. Unit clauses are settled at once; this is only called before
/// the first decision or by `learn`.
bool Search::add_clause(std::vector<Literal> literals) {
    if (literals.empty()) {
        return false;
    }
    if (literals.size() == 1) {
        if (value(literals[0]) == 0) {
            return assign(literals[0], {});
        }
        return value(literals[0]) > 0;
    }
    const auto id = static_cast<ClauseId>(clauses_.size());
    watches_[watch_place(literals[0])].push_back(id);
    watches_[watch_place(literals[1])].push_back(id);
    clauses_.push_back(std::move(literals));
    return true;
}

void Search::add_dependencies(PackageId id) {
    for (const Relation& relation : pool_.depends(id)) {
        const auto candidates = candidates_for(relation);
        if (relation.is_conflict) {
            for (const PackageId other : candidates) {
                if (pool_.name(other) != pool_.name(id)) {
                    excluded_by_[id].push_back(other);
                }
            }
            continue;
        }
        if (std::find(candidates.begin(), candidates.end(), id) != candidates.end()) {
            continue;  // does it itself
        }
        std::vector<Literal> clause{left(id)};
        for (const PackageId candidate : candidates) {
            reach(candidate);
            clause.push_back(taken(candidate));
        }
        needs_[id].push_back(candidates);
        add_clause(std::move(clause));  // nothing is taken yet, so that a clause cannot be broken
    }
}

bool Search::add_everything() {
    const std::size_t count = pool_.size();
    is_reached_.resize(count);
    is_preferred_.resize(count);
    needs_.resize(count);
    excluded_by_.resize(count);
    values_.resize(count);
    reasons_.resize(count);
    levels_.resize(count);
    watches_.resize(2 * count);
    for (const PackageId id : options_.preferred) {
        is_preferred_[id] = true;
    }
    std::vector<Literal> units;
    for (const Relation& relation : world_) {
        const auto candidates = candidates_for(relation);
        std::vector<Literal> clause;
        for (const PackageId candidate : candidates) {
            reach(candidate);
            clause.push_back(relation.is_conflict ? left(candidate) : taken(candidate));
        }
        if (relation.is_conflict) {
            units.insert(units.end(), clause.begin(), clause.end());
            continue;
        }
        world_needs_.push_back(candidates);
        if (clause.size() == 1) {
            units.push_back(clause.front());
        } else if (!add_clause(std::move(clause))) {
            return false;
        }
    }
    for (std::size_t i = 0; i < agenda_.size(); ++i) {
        if (!has_time()) {
            return true;
        }
        add_dependencies(agenda_[i]);
    }
    return std::all_of(units.begin(), units.end(), [this](Literal unit) {
        return add_clause({unit});
    });
}

bool Search::assign(Literal literal, Reason reason) {
    const PackageId id = package_of(literal);
    values_[id] = literal > 0 ? 1 : -1;
    reasons_[id] = reason;
    levels_[id] = static_cast<std::uint32_t>(level_starts_.size());
    trail_.push_back(literal);
    return true;
}

bool Search::exclude(PackageId by, PackageId id) {
    if (values_[id] > 0) {
        conflict_ = {left(by), left(id)};
        return false;
    }
    if (values_[id] == 0 && is_reached_[id]) {
        assign(left(id), {no_id, by});
    }
    return true;
}

/// What cannot be beside a package that was just taken.
bool Search::propagate_exclusions(PackageId id) {
    for (const PackageId other : excluded_by_[id]) {
        if (!exclude(id, other)) {
            return false;
        }
    }
    const NameId own = pool_.name(id);
    for (const PackageId other : pool_.candidates(own)) {
        const bool is_same_package = pool_.name(other) == own && other != id;
        const bool stands_for_it = pool_.name(other) != own && pool_.is_sole_provider(other, own);
        if ((is_same_package || stands_for_it) && !exclude(id, other)) {
            return false;
        }
    }
    for (const Provide& provide : pool_.provides(id)) {
        for (const PackageId other : pool_.candidates(provide.name)) {
            if (pool_.name(other) == own) {
                continue;
            }
            const bool is_sole =
                !provide.version.empty() || pool_.is_sole_provider(other, provide.name);
            if (is_sole && !exclude(id, other)) {
                return false;
            }
        }
    }
    return true;
}

/// Visits the clauses that watch a literal which became false.
bool Search::propagate_clauses(Literal falsified) {
    auto& watching = watches_[watch_place(falsified)];
    std::size_t kept = 0;
    for (std::size_t i = 0; i < watching.size(); ++i) {
        auto& clause = clauses_[watching[i]];
        if (clause[0] == falsified) {
            std::swap(clause[0], clause[1]);
        }
        const auto other = std::find_if(clause.begin() + 2, clause.end(), [this](Literal l) {
            return value(l) >= 0;
        });
        if (value(clause[0]) <= 0 && other != clause.end()) {
            std::swap(clause[1], *other);
            watches_[watch_place(clause[1])].push_back(watching[i]);
            continue;
        }
        watching[kept++] = watching[i];
        if (value(clause[0]) > 0) {
            continue;
        }
        if (value(clause[0]) < 0) {
            conflict_ = clause;
            watching.erase(
                std::copy(
                    watching.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                    watching.end(),
                    watching.begin() + static_cast<std::ptrdiff_t>(kept)
                ),
                watching.end()
            );
            return false;
        }
        assign(clause[0], {watching[i], no_id});
    }
    watching.resize(kept);
    return true;
}

bool Search::propagate() {
    while (propagated_ < trail_.size()) {
        const Literal literal = trail_[propagated_++];
        if (!propagate_clauses(-literal) ||
            (literal > 0 && !propagate_exclusions(package_of(literal)))) {
            return false;
        }
    }
    return true;
}

/// The literals, all false, that forced the value of a package.
std::vector<Literal> Search::literals_behind(PackageId id) const {
    const Reason& reason = reasons_[id];
    if (reason.excluder != no_id) {
        return {left(reason.excluder)};
    }
    std::vector<Literal> literals;
    if (reason.clause != no_id) {
        for (const Literal literal : clauses_[reason.clause]) {
            if (package_of(literal) != id) {
                literals.push_back(literal);
            }
        }
    }
    return literals;
}

/// Turns `conflict_` into a clause, goes back and settles what it says. False if nothing is left to
/// go back to.
bool Search::learn() {
    const auto here = static_cast<std::uint32_t>(level_starts_.size());
    if (here == 0) {
        return false;
    }
    std::vector<bool> is_seen(values_.size());
    std::vector<Literal> learned{0};
    std::size_t open = 0;
    std::size_t place = trail_.size();
    std::vector<Literal> literals = conflict_;
    Literal pivot = 0;
    do {
        for (const Literal literal : literals) {
            const PackageId id = package_of(literal);
            if (is_seen[id] || levels_[id] == 0) {
                continue;
            }
            is_seen[id] = true;
            if (levels_[id] == here) {
                ++open;
            } else {
                learned.push_back(literal);
            }
        }
        do {
            pivot = trail_[--place];
        } while (!is_seen[package_of(pivot)]);
        literals = literals_behind(package_of(pivot));
        --open;
    } while (open > 0);
    learned[0] = -pivot;
    std::size_t back = 0;
    for (std::size_t i = 1; i < learned.size(); ++i) {
        if (levels_[package_of(learned[i])] > back) {
            back = levels_[package_of(learned[i])];
            std::swap(learned[1], learned[i]);
        }
    }
    undo_to(back);
    if (learned.size() == 1) {
        return assign(learned[0], {});
    }
    const Literal forced = learned[0];
    const auto id = static_cast<ClauseId>(clauses_.size());
    add_clause(std::move(learned));
    return assign(forced, {id, no_id});
}

void Search::undo_to(std::size_t level) {
    while (trail_.size() > level_starts_[level]) {
        values_[package_of(trail_.back())] = 0;
        trail_.pop_back();
    }
    scanned_ = level_scans_[level];
    level_starts_.resize(level);
    level_scans_.resize(level);
    propagated_ = trail_.size();
}

bool Search::is_met(const Need& need) const {
    return std::any_of(need.begin(), need.end(), [this](PackageId id) { return values_[id] > 0; });
}

const Search::Need* Search::next_open() {
    for (const Need& need : world_needs_) {
        if (!is_met(need)) {
            return &need;
        }
    }
    for (; scanned_ < trail_.size(); ++scanned_) {
        if (trail_[scanned_] < 0) {
            continue;
        }
        for (const Need& need : needs_[package_of(trail_[scanned_])]) {
            if (!is_met(need)) {
                return &need;
            }
        }
    }
    return nullptr;
}

SearchResult Search::run() {
    SearchResult result;
    if (!add_everything()) {
        result.outcome = SearchResult::Outcome::impossible;
        return result;
    }
    while (has_time()) {
        if (!propagate()) {
            if (!learn()) {
                result.outcome = SearchResult::Outcome::impossible;
                return result;
            }
            continue;
        }
        const Need* open = next_open();
        if (open == nullptr) {
            for (const Literal literal : trail_) {
                if (literal > 0) {
                    result.packages.push_back(package_of(literal));
                }
            }
            result.outcome = SearchResult::Outcome::found;
            return result;
        }
        level_starts_.push_back(trail_.size());
        level_scans_.push_back(scanned_);
        const auto choice = std::find_if(open->begin(), open->end(), [this](PackageId id) {
            return values_[id] == 0;
        });
        QUERN_ASSERT(choice != open->end());  // else the clause would have been a conflict
        assign(taken(*choice), {});
    }
    return result;
}

}  // namespace

SearchResult search_completely(
    PackagePool& pool, std::span<const Relation> world, const SearchOptions& options
) {
    return Search(pool, world, options).run();
}

}  // namespace quern::repository
