// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// A search that learns from conflicts. Pairs that exclude each other are not written down as
// clauses, there can be millions of them: they are looked up when a variable is taken. The same
// goes for what a variable needs. A conflict is traced back to the first point where one decision
// explains it (first unique implication point); the clause found there is kept, with what it came
// from, so that a proof of impossibility can be told in terms of what was given.
#include "repository/clause_solver.hpp"

#include "quern/error.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace quern::repository {

namespace {

std::size_t watch_place(Literal literal) {
    return 2 * static_cast<std::size_t>(variable_of(literal)) + (literal < 0 ? 1U : 0U);
}

}  // namespace

ClauseSolver::ClauseSolver(
    std::size_t variables, ClauseSource& source, std::function<bool()> may_go_on
)
    : source_(source),
      may_go_on_(std::move(may_go_on)),
      watches_(2 * variables),
      values_(variables),
      causes_(variables),
      levels_(variables),
      is_expanded_(variables),
      is_seen_(variables) {}

void ClauseSolver::add(Axiom axiom) {
    QUERN_ASSERT(level() == 0);
    if (!is_impossible_ && !attach({std::move(axiom.literals), axiom.number, {}})) {
        is_impossible_ = true;
    }
}

/// Those that are not false first, then those that became so last: a clause is watched by its first
/// two.
void ClauseSolver::order_for_watching(std::vector<Literal>& literals) const {
    const auto rank = [this](Literal literal) {
        const Variable variable = variable_of(literal);
        return value_of(literal) < 0 ? levels_[variable] : none;
    };
    for (std::size_t place = 0; place < std::min<std::size_t>(2, literals.size()); ++place) {
        const auto from = literals.begin() + static_cast<std::ptrdiff_t>(place);
        const auto best = std::max_element(from, literals.end(), [&](Literal a, Literal b) {
            return rank(a) < rank(b);
        });
        std::swap(*from, *best);
    }
}

/// Adds a clause at any time and draws its first conclusion. False if it is broken already.
bool ClauseSolver::attach(Clause clause) {
    order_for_watching(clause.literals);
    memory_ += clause.literals.size() + 3 * clause.learned_from.size();
    const auto id = static_cast<ClauseId>(clauses_.size());
    if (clause.literals.size() > 1) {
        watches_[watch_place(clause.literals[0])].push_back(id);
        watches_[watch_place(clause.literals[1])].push_back(id);
    }
    const auto& literals = clauses_.emplace_back(std::move(clause)).literals;
    if (literals.empty() || value_of(literals[0]) < 0) {
        conflict_ = literals;
        conflict_cause_ = {id, none, none};
        return false;
    }
    const bool is_unit = literals.size() == 1 || value_of(literals[1]) < 0;
    if (is_unit && value_of(literals[0]) == 0) {
        assign(literals[0], {id, none, none});
    }
    return true;
}

void ClauseSolver::assign(Literal literal, Cause cause) {
    const Variable variable = variable_of(literal);
    values_[variable] = literal > 0 ? 1 : -1;
    causes_[variable] = cause;
    levels_[variable] = static_cast<std::uint32_t>(level());
    trail_.push_back(literal);
}

void ClauseSolver::decide(Literal literal) {
    QUERN_ASSERT(value_of(literal) == 0);
    level_starts_.push_back(trail_.size());
    assign(literal, {});
}

void ClauseSolver::go_back_to(std::size_t level) {
    if (level >= level_starts_.size()) {
        return;
    }
    while (trail_.size() > level_starts_[level]) {
        values_[variable_of(trail_.back())] = 0;
        trail_.pop_back();
    }
    level_starts_.resize(level);
    propagated_ = std::min(propagated_, trail_.size());
}

ClauseSolver::Status ClauseSolver::settle() {
    is_stopped_ = false;
    while (!is_impossible_ && !propagate()) {
        if (level() == 0) {
            is_impossible_ = true;
        } else {
            learn();
        }
    }
    return is_impossible_ ? Status::impossible : is_stopped_ ? Status::stopped : Status::consistent;
}

/// False on a conflict, which then stands in `conflict_`.
bool ClauseSolver::propagate() {
    while (propagated_ < trail_.size()) {
        if (!may_go_on_()) {
            is_stopped_ = true;
            return true;
        }
        const Literal literal = trail_[propagated_];
        // What is taken is told first: clauses that are watched later must find it expanded.
        const bool goes_on = literal < 0 || (expand(variable_of(literal)) &&
                                             propagate_exclusions(variable_of(literal)));
        if (!goes_on || !propagate_clauses(-literal)) {
            return false;
        }
        ++propagated_;
    }
    return true;
}

bool ClauseSolver::expand(Variable variable) {
    if (is_expanded_[variable]) {
        return true;
    }
    is_expanded_[variable] = true;
    bool holds = true;
    for (Axiom& axiom : source_.clauses_of(variable)) {
        // All are added, even behind a broken one: they are not asked for again.
        auto conflict = std::pair(conflict_, conflict_cause_);
        if (!attach({std::move(axiom.literals), axiom.number, {}})) {
            if (!holds) {
                std::tie(conflict_, conflict_cause_) = std::move(conflict);
            }
            holds = false;
        }
    }
    return holds;
}

bool ClauseSolver::propagate_exclusions(Variable variable) {
    for (const Variable other : source_.excluded_by(variable)) {
        if (values_[other] > 0) {
            conflict_ = {left(variable), left(other)};
            conflict_cause_ = {none, variable, other};
            return false;
        }
        if (values_[other] == 0) {
            assign(left(other), {none, variable, other});
        }
    }
    return true;
}

/// Visits the clauses that watch a literal which became false.
bool ClauseSolver::propagate_clauses(Literal falsified) {
    auto& watching = watches_[watch_place(falsified)];
    std::size_t kept = 0;
    bool holds = true;
    for (std::size_t i = 0; i < watching.size(); ++i) {
        const ClauseId id = watching[i];
        auto& literals = clauses_[id].literals;
        if (!holds) {
            watching[kept++] = id;
            continue;
        }
        if (literals[0] == falsified) {
            std::swap(literals[0], literals[1]);
        }
        const auto other =
            value_of(literals[0]) > 0
                ? literals.end()
                : std::find_if(literals.begin() + 2, literals.end(), [this](Literal literal) {
                      return value_of(literal) >= 0;
                  });
        if (other != literals.end()) {
            std::swap(literals[1], *other);
            watches_[watch_place(literals[1])].push_back(id);
            continue;
        }
        watching[kept++] = id;
        if (value_of(literals[0]) < 0) {
            conflict_ = literals;
            conflict_cause_ = {id, none, none};
            holds = false;
        } else if (value_of(literals[0]) == 0) {
            assign(literals[0], {id, none, none});
        }
    }
    watching.resize(kept);
    return holds;
}

/// The other literals, all false, of what gave `concluded` its value.
std::vector<Literal> ClauseSolver::literals_of(const Cause& cause, Variable concluded) const {
    if (cause.excluder != none) {
        return {left(cause.excluder)};
    }
    std::vector<Literal> literals;
    if (cause.clause != none) {
        literals = clauses_[cause.clause].literals;
        std::erase_if(literals, [concluded](Literal literal) {
            return variable_of(literal) == concluded;
        });
    }
    return literals;
}

/// The clause that `conflict_` teaches; its first literal is the one that it turns.
ClauseSolver::Clause ClauseSolver::derive() {
    const auto here = static_cast<std::uint32_t>(level());
    Clause learned;
    learned.literals = {0};
    learned.learned_from = {conflict_cause_};
    std::vector<Variable> seen;
    std::vector<Literal> literals = conflict_;
    std::size_t open = 0;
    std::size_t place = trail_.size();
    while (true) {
        for (const Literal literal : literals) {
            const Variable variable = variable_of(literal);
            if (is_seen_[variable]) {
                continue;
            }
            is_seen_[variable] = true;
            seen.push_back(variable);
            if (levels_[variable] == 0) {
                learned.learned_from.push_back({none, none, variable});
            } else if (levels_[variable] == here) {
                ++open;
            } else {
                learned.literals.push_back(literal);
            }
        }
        QUERN_ASSERT(open > 0);  // each conflict has something of this level
        do {
            --place;
        } while (!is_seen_[variable_of(trail_[place])]);
        const Variable pivot = variable_of(trail_[place]);
        if (--open == 0) {
            learned.literals[0] = -trail_[place];
            break;
        }
        learned.learned_from.push_back(causes_[pivot]);
        literals = literals_of(causes_[pivot], pivot);
    }
    for (const Variable variable : seen) {
        is_seen_[variable] = false;
    }
    return learned;
}

/// Turns a conflict into a clause, goes back and settles what it says.
void ClauseSolver::learn() {
    Clause learned = derive();
    std::uint32_t back = 0;
    for (std::size_t i = 1; i < learned.literals.size(); ++i) {
        back = std::max(back, levels_[variable_of(learned.literals[i])]);
    }
    go_back_to(back);
    const bool holds = attach(std::move(learned));
    QUERN_ASSERT(holds);  // its first literal was open again
}

Core ClauseSolver::core() const {
    QUERN_ASSERT(is_impossible_);
    Core core;
    std::vector<bool> has_clause(clauses_.size());
    std::vector<bool> has_fact(values_.size());
    std::vector<Cause> agenda{conflict_cause_};
    const auto follow = [&agenda](std::span<const Literal> literals) {
        for (const Literal literal : literals) {
            agenda.push_back({none, none, variable_of(literal)});
        }
    };
    follow(conflict_);
    while (!agenda.empty()) {
        const Cause cause = agenda.back();
        agenda.pop_back();
        if (cause.clause != none) {
            if (has_clause[cause.clause]) {
                continue;
            }
            has_clause[cause.clause] = true;
            const Clause& clause = clauses_[cause.clause];
            agenda.insert(agenda.end(), clause.learned_from.begin(), clause.learned_from.end());
            if (clause.axiom != none) {
                core.axioms.push_back(clause.axiom);
            }
        } else if (cause.excluder != none) {
            core.pairs.push_back(std::minmax(cause.excluder, cause.other));
        } else if (!has_fact[cause.other]) {
            has_fact[cause.other] = true;
            agenda.push_back(causes_[cause.other]);
            follow(literals_of(causes_[cause.other], cause.other));
        }
    }
    std::sort(core.axioms.begin(), core.axioms.end());
    core.axioms.erase(std::unique(core.axioms.begin(), core.axioms.end()), core.axioms.end());
    std::sort(core.pairs.begin(), core.pairs.end());
    core.pairs.erase(std::unique(core.pairs.begin(), core.pairs.end()), core.pairs.end());
    return core;
}

}  // namespace quern::repository
