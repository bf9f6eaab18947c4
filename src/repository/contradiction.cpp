// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/contradiction.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace quern::repository {

namespace {

/// Clauses that are all given; nothing is found out on the way.
class NoSource final : public ClauseSource {
 public:
    std::vector<Axiom> clauses_of(Variable) override { return {}; }
    std::span<const Variable> excluded_by(Variable) override { return {}; }
};

/// Some statements as a problem of their own, with small variable numbers.
class SmallProblem {
 public:
    /// The statements that are needed to contradict each other, by their places; nothing if they do
    /// not, or if that is not known after `steps`.
    static std::optional<std::vector<bool>> contradiction_of(
        const std::vector<Statement>& statements,
        const std::vector<bool>& is_in,
        std::uint64_t& steps
    );

 private:
    Variable variable_of(PackageId id) {
        return variables_.emplace(id, static_cast<Variable>(variables_.size())).first->second;
    }
    void add(const Statement& statement, std::uint32_t number);

    std::unordered_map<PackageId, Variable> variables_;
    std::vector<Axiom> axioms_;
};

void SmallProblem::add(const Statement& statement, std::uint32_t number) {
    for (const Contradiction::Part& part : statement.parts) {
        Axiom axiom{number, {}};
        if (part.owner != no_id) {
            axiom.literals.push_back(left(variable_of(part.owner)));
        }
        for (const PackageId id : part.candidates) {
            const Variable variable = variable_of(id);
            axiom.literals.push_back(part.relation->is_conflict ? left(variable) : taken(variable));
        }
        axioms_.push_back(std::move(axiom));
    }
    for (const auto& [a, b] : statement.exclusions) {
        axioms_.push_back({number, {left(variable_of(a)), left(variable_of(b))}});
    }
}

std::optional<std::vector<bool>> SmallProblem::contradiction_of(
    const std::vector<Statement>& statements, const std::vector<bool>& is_in, std::uint64_t& steps
) {
    SmallProblem problem;
    for (std::uint32_t i = 0; i < statements.size(); ++i) {
        if (is_in[i]) {
            problem.add(statements[i], i);
        }
    }
    steps -= std::min<std::uint64_t>(steps, problem.axioms_.size());
    NoSource source;
    ClauseSolver solver(problem.variables_.size(), source, [&steps] {
        return steps > 0 && --steps > 0;
    });
    for (Axiom& axiom : problem.axioms_) {
        solver.add(std::move(axiom));
    }
    auto status = solver.settle();
    for (Variable next = 0; status == ClauseSolver::Status::consistent;) {
        // Going back opens variables again, but then one before them was concluded.
        while (next < problem.variables_.size() && solver.value(next) != 0) {
            ++next;
        }
        if (next == problem.variables_.size()) {
            return std::nullopt;
        }
        const std::size_t before = solver.level();
        solver.decide(left(next));
        status = solver.settle();
        next = solver.level() <= before ? 0 : next;
    }
    if (status == ClauseSolver::Status::stopped) {
        return std::nullopt;
    }
    std::vector<bool> is_needed(statements.size());
    for (const std::uint32_t number : solver.core().axioms) {
        is_needed[number] = true;
    }
    return is_needed;
}

std::vector<Statement> group(PackagePool& pool, const Contradiction& contradiction) {
    std::vector<Statement> statements;
    // Who has it, what it asks for.
    std::map<std::pair<NameId, std::string_view>, std::size_t> places;
    for (const Contradiction::Part& part : contradiction.parts) {
        const NameId who = part.owner == no_id ? no_id : pool.name(part.owner);
        const auto [found, is_new] =
            places.try_emplace({who, part.relation->text}, statements.size());
        if (is_new) {
            statements.emplace_back();
        }
        statements[found->second].parts.push_back(part);
    }
    std::map<std::tuple<ExclusionRule::Kind, NameId, PackageId>, std::size_t> rules;
    for (const auto& [a, b] : contradiction.exclusions) {
        const ExclusionRule rule = rule_of(pool, a, b);
        const auto [found, is_new] =
            rules.try_emplace({rule.kind, rule.name, rule.owner}, statements.size());
        if (is_new) {
            statements.emplace_back().rule = rule;
        }
        statements[found->second].exclusions.emplace_back(a, b);
    }
    return statements;
}

/// Puts the statements in the order in which the world leads to them; exclusions stand last.
void sort_from_world(std::vector<Statement>& statements) {
    std::unordered_map<PackageId, std::vector<std::size_t>> by_owner;
    std::vector<std::size_t> order;
    std::vector<bool> is_placed(statements.size());
    const auto place = [&](std::size_t i) {
        if (!is_placed[i]) {
            is_placed[i] = true;
            order.push_back(i);
        }
    };
    for (std::size_t i = 0; i < statements.size(); ++i) {
        for (const Contradiction::Part& part : statements[i].parts) {
            if (part.owner == no_id) {
                place(i);
            } else {
                by_owner[part.owner].push_back(i);
            }
        }
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
        for (const Contradiction::Part& part : statements[order[next]].parts) {
            for (const PackageId id : part.candidates) {
                const auto found = by_owner.find(id);
                if (found != by_owner.end()) {
                    std::for_each(found->second.begin(), found->second.end(), place);
                }
            }
        }
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
        place(i);
    }
    std::vector<Statement> sorted;
    for (const std::size_t i : order) {
        sorted.push_back(std::move(statements[i]));
    }
    statements = std::move(sorted);
}

}  // namespace

ExclusionRule rule_of(PackagePool& pool, PackageId a, PackageId b) {
    using Kind = ExclusionRule::Kind;
    if (pool.name(a) == pool.name(b)) {
        return {Kind::one_version, pool.name(a), no_id, nullptr};
    }
    for (const auto& [one, other] : {std::pair(a, b), std::pair(b, a)}) {
        for (const Provide& provide : pool.provides(one)) {
            const auto others = pool.provides(other);
            const bool is_shared =
                pool.name(other) == provide.name ||
                std::any_of(others.begin(), others.end(), [&provide](const Provide& its) {
                    return its.name == provide.name;
                });
            if (!provide.version.empty() && is_shared) {
                return {Kind::one_provider, provide.name, no_id, nullptr};
            }
        }
    }
    for (const auto& [owner, other] : {std::pair(a, b), std::pair(b, a)}) {
        for (const Relation& relation : pool.depends(owner)) {
            if (relation.is_conflict && pool.satisfies(other, relation)) {
                return {Kind::conflict, relation.name, owner, &relation};
            }
        }
    }
    QUERN_ASSERT(false);  // nothing else excludes
    return {};
}

std::vector<Statement> minimal_statements(PackagePool& pool, const Contradiction& contradiction) {
    // Enough for all that people write; a puzzle of thousands of parts cannot be told anyway.
    constexpr std::size_t most_statements = 1000;
    std::uint64_t steps = 2'000'000;
    std::vector<Statement> statements = group(pool, contradiction);
    sort_from_world(statements);
    if (statements.size() > most_statements) {
        return statements;
    }
    std::vector<bool> is_in(statements.size(), true);
    const auto try_without = [&](std::size_t i) {
        if (!is_in[i] || steps == 0) {
            return;
        }
        std::vector<bool> without = is_in;
        without[i] = false;
        if (auto needed = SmallProblem::contradiction_of(statements, without, steps)) {
            is_in = std::move(*needed);
        }
    };
    const auto is_of_world = [&](std::size_t i) {
        const auto& parts = statements[i].parts;
        return !parts.empty() && parts.front().owner == no_id;
    };
    // The fewer wishes of the world take part the better, then the shorter the ways from it.
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (is_of_world(i)) {
            try_without(i);
        }
    }
    for (std::size_t i = statements.size(); i-- > 0;) {
        if (!is_of_world(i)) {
            try_without(i);
        }
    }
    std::vector<Statement> kept;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (is_in[i]) {
            kept.push_back(std::move(statements[i]));
        }
    }
    sort_from_world(kept);
    return kept;
}

}  // namespace quern::repository
