// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace quern::repository {

/// Something that can be taken or left; here a package.
using Variable = std::uint32_t;
/// A variable taken (positive) or left (negative); never 0.
using Literal = std::int32_t;
constexpr Literal taken(Variable variable) {
    return static_cast<Literal>(variable) + 1;
}
constexpr Literal left(Variable variable) {
    return -taken(variable);
}
constexpr Variable variable_of(Literal literal) {
    return static_cast<Variable>((literal < 0 ? -literal : literal) - 1);
}

/// A clause as given: one of its literals must hold. The number comes back in a core.
struct Axiom {
    std::uint32_t number = 0;
    std::vector<Literal> literals;
};

/// Tells a solver about a variable when it is taken, so that nothing is written down about those
/// that never are.
class ClauseSource {
 public:
    ClauseSource() = default;
    ClauseSource(const ClauseSource&) = delete;
    ClauseSource& operator=(const ClauseSource&) = delete;
    virtual ~ClauseSource() = default;
    /// Clauses that bind once `variable` is taken; each contains it as left. Asked once.
    virtual std::vector<Axiom> clauses_of(Variable variable) = 0;
    /// Variables that cannot be taken beside it. Asked each time that it is taken.
    virtual std::span<const Variable> excluded_by(Variable variable) = 0;
};

/// The axioms and pairs that cannot hold together.
struct Core {
    std::vector<std::uint32_t> axioms;                 ///< numbers, ascending
    std::vector<std::pair<Variable, Variable>> pairs;  ///< ascending, the lower variable first
};

/// Decides by taking and leaving, learns a clause from each conflict. The caller decides what is
/// taken next; the solver draws the conclusions and goes back where they contradict.
class ClauseSolver {
 public:
    enum class Status { consistent, impossible, stopped };

    /// `may_go_on` is asked often; settle stops when it says no.
    ClauseSolver(std::size_t variables, ClauseSource& source, std::function<bool()> may_go_on);

    /// Only at level 0.
    void add(Axiom axiom);
    /// Draws all conclusions, going back as far as needed. Impossible: at level 0 already.
    Status settle();
    /// Only when consistent and the variable is open.
    void decide(Literal literal);
    void go_back_to(std::size_t level);

    std::size_t level() const { return level_starts_.size(); }
    int value(Variable variable) const { return values_[variable]; }
    /// What was decided or concluded, in order.
    std::span<const Literal> trail() const { return trail_; }
    /// Of all that is written down, in words of 32 bits.
    std::uint64_t memory() const { return memory_; }
    /// Only after `impossible`.
    Core core() const;

 private:
    using ClauseId = std::uint32_t;
    static constexpr std::uint32_t none = 0xffffffffU;
    /// Why something holds: a clause; or a taken variable that excludes another; or, with neither,
    /// that `other` has its value at level 0.
    struct Cause {
        ClauseId clause = none;
        Variable excluder = none;
        Variable other = none;
    };
    struct Clause {
        std::vector<Literal> literals;
        std::uint32_t axiom = none;
        std::vector<Cause> learned_from;
    };

    int value_of(Literal literal) const {
        const int sign = values_[variable_of(literal)];
        return literal > 0 ? sign : -sign;
    }
    void assign(Literal literal, Cause cause);
    bool propagate();
    bool propagate_clauses(Literal falsified);
    bool propagate_exclusions(Variable variable);
    bool expand(Variable variable);
    bool attach(Clause clause);
    void order_for_watching(std::vector<Literal>& literals) const;
    void learn();
    Clause derive();
    std::vector<Literal> literals_of(const Cause& cause, Variable concluded) const;

    ClauseSource& source_;
    std::function<bool()> may_go_on_;
    std::vector<Clause> clauses_;
    std::vector<std::vector<ClauseId>> watches_;
    std::vector<std::int8_t> values_;
    std::vector<Cause> causes_;
    std::vector<std::uint32_t> levels_;
    std::vector<bool> is_expanded_;
    std::vector<bool> is_seen_;  ///< scratch of `derive`
    std::vector<Literal> trail_;
    std::vector<std::size_t> level_starts_;
    std::size_t propagated_ = 0;
    std::vector<Literal> conflict_;  ///< all false
    Cause conflict_cause_;
    std::uint64_t memory_ = 0;
    bool is_impossible_ = false;
    bool is_stopped_ = false;
};

}  // namespace quern::repository
