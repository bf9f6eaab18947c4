// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Decisions are made only for dependencies of packages that were taken, the preferred candidate
// first; so nothing is taken that nobody needs, and what the greedy walk chose stays where it can.
// Whether there is an answer is bounded by time; how good it is, by a count of steps, so that the
// same answer comes on a slow machine.
#include "repository/complete_search.hpp"

#include "repository/soundness.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace quern::repository {

namespace {

/// For each thing that is tried to make an answer better: some tens of milliseconds.
constexpr std::uint64_t steps_for_better = 500'000;
constexpr std::size_t most_tries = 64;
/// Words of 32 bits: half a GiB. Distributions need less than a hundredth of it.
constexpr std::uint64_t most_memory = std::uint64_t{1} << 27U;

std::vector<bool> marks_of(std::span<const PackageId> packages, std::size_t count) {
    std::vector<bool> marks(count);
    for (const PackageId id : packages) {
        marks[id] = true;
    }
    return marks;
}

}  // namespace

CompleteSearch::CompleteSearch(
    PackagePool& pool, std::span<const Relation> world, const SearchOptions& options
)
    : pool_(pool),
      world_(world),
      options_(options),
      clauses_(pool, world, options.preferred),
      solver_(pool.size(), clauses_, [this] { return may_go_on(); }) {
    for (Axiom& axiom : clauses_.clauses_of_world()) {
        solver_.add(std::move(axiom));
    }
}

bool CompleteSearch::may_go_on() {
    constexpr std::uint64_t steps_between_looks = 1024;
    ++steps_;
    if (last_step_ != UINT64_MAX) {
        return steps_ <= last_step_;
    }
    if (!is_out_of_time_ && steps_ % steps_between_looks == 0) {
        is_out_of_time_ = std::chrono::steady_clock::now() >= options_.deadline;
    }
    is_out_of_time_ = is_out_of_time_ || solver_.memory() > most_memory;
    return !is_out_of_time_;
}

bool CompleteSearch::is_met(const Need& need) const {
    return std::any_of(need.candidates.begin(), need.candidates.end(), [this](PackageId id) {
        return solver_.value(id) > 0;
    });
}

/// The next dependency that is open; null if all are met.
const Need* CompleteSearch::next_open() {
    const auto world = clauses_.world_needs();
    for (; progress_.world < world.size(); ++progress_.world) {
        const Need& need = clauses_.need(world[progress_.world]);
        if (!is_met(need)) {
            return &need;
        }
    }
    const auto trail = solver_.trail();
    for (; progress_.trail < trail.size(); ++progress_.trail) {
        const Literal literal = trail[progress_.trail];
        if (literal < 0) {
            continue;
        }
        for (const std::uint32_t number : clauses_.needs_of(variable_of(literal))) {
            if (!is_met(clauses_.need(number))) {
                return &clauses_.need(number);
            }
        }
    }
    return nullptr;
}

CompleteSearch::Outcome CompleteSearch::solve(std::span<const PackageId> assumed) {
    solver_.go_back_to(0);
    progress_ = {};
    level_progress_.clear();
    while (true) {
        const ClauseSolver::Status status = solver_.settle();
        if (status != ClauseSolver::Status::consistent) {
            return status == ClauseSolver::Status::impossible ? Outcome::impossible
                                                              : Outcome::out_of_time;
        }
        if (solver_.level() < level_progress_.size()) {
            progress_ = level_progress_[solver_.level()];
            level_progress_.resize(solver_.level());
        }
        PackageId choice = no_id;
        for (const PackageId id : assumed) {
            if (solver_.value(id) < 0) {
                return Outcome::impossible;
            }
            if (solver_.value(id) == 0) {
                choice = id;
                break;
            }
        }
        if (choice == no_id) {
            const Need* open = next_open();
            if (open == nullptr) {
                return Outcome::found;
            }
            const auto& all = open->candidates;
            const auto first = std::find_if(all.begin(), all.end(), [this](PackageId id) {
                return solver_.value(id) == 0;
            });
            QUERN_ASSERT(first != all.end());  // else the clause would have been a conflict
            choice = *first;
        }
        level_progress_.push_back(progress_);
        solver_.decide(taken(choice));
    }
}

std::vector<PackageId> CompleteSearch::ordered() const {
    std::vector<PackageId> all;
    for (const Literal literal : solver_.trail()) {
        if (literal > 0) {
            all.push_back(variable_of(literal));
        }
    }
    return in_install_order(pool_, world_, all, extras_);
}

void CompleteSearch::allow_steps(std::uint64_t count) {
    last_step_ = steps_ + count;
}

CompleteSearch::Outcome CompleteSearch::run() {
    const Outcome outcome = solve({});
    if (outcome == Outcome::found) {
        packages_ = ordered();
        keep_more();
    }
    return outcome;
}

/// The order of decisions can lose a preferred package that could stay. Each of the lost is tried,
/// those that others need last.
void CompleteSearch::keep_more() {
    const std::vector<PackageId> preferred(options_.preferred.rbegin(), options_.preferred.rend());
    std::vector<bool> is_kept = marks_of(packages_, pool_.size());
    std::size_t tries = 0;
    for (const PackageId lost : preferred) {
        if (is_kept[lost] || tries == most_tries) {
            continue;
        }
        ++tries;
        std::vector<PackageId> assumed{lost};
        std::copy_if(
            preferred.begin(),
            preferred.end(),
            std::back_inserter(assumed),
            [&is_kept](PackageId id) { return is_kept[id]; }
        );
        allow_steps(steps_for_better);
        if (solve(assumed) != Outcome::found) {
            continue;
        }
        // What nobody needs falls away, and perhaps the package that was to stay with it.
        std::vector<PackageId> better = ordered();
        std::vector<bool> marks = marks_of(better, pool_.size());
        if (std::all_of(assumed.begin(), assumed.end(), [&](PackageId id) { return marks[id]; })) {
            packages_ = std::move(better);
            is_kept = std::move(marks);
        }
    }
}

bool CompleteSearch::extend(PackageId extra) {
    std::vector<PackageId> assumed = packages_;
    assumed.push_back(extra);
    allow_steps(steps_for_better);
    if (solve(assumed) != Outcome::found) {
        return false;
    }
    extras_.push_back(extra);
    packages_ = ordered();
    return true;
}

bool CompleteSearch::could_hold(PackageId package) {
    allow_steps(steps_for_better);
    return solve(std::span(&package, 1)) != Outcome::impossible;
}

Contradiction CompleteSearch::contradiction() const {
    const Core core = solver_.core();
    Contradiction found;
    for (const std::uint32_t number : core.axioms) {
        const Need& need = clauses_.need(number);
        found.parts.push_back(
            {need.owner, need.relation, {need.candidates.begin(), need.candidates.end()}}
        );
    }
    found.exclusions = core.pairs;
    return found;
}

}  // namespace quern::repository
