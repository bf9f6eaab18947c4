// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The walk is made once more with an observer, so that the rule that is told is the one that
// decided. Where a search had to decide, what could not be there is proven again for each rival.
#include "quern/explain.hpp"

#include "repository/complete_search.hpp"
#include "repository/greedy_walk.hpp"
#include "repository/package_pool.hpp"
#include "repository/refusal.hpp"
#include "repository/resolution.hpp"
#include "repository/soundness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <variant>

namespace quern::repository {

namespace {

/// How a member of the set came in.
struct Cause {
    PackageId parent = no_id;  ///< no_id: the world
    const Relation* relation = nullptr;
};

/// Shortest ways from the world to every member.
std::unordered_map<PackageId, Cause> find_causes(
    PackagePool& pool, std::span<const Relation> world, const MemberTable& table
) {
    std::unordered_map<PackageId, Cause> causes;
    std::vector<PackageId> queue;
    const auto reach = [&](const Relation& relation, PackageId parent) {
        const PackageId id = relation.is_conflict ? no_id : table.satisfier(relation);
        if (id != no_id && causes.emplace(id, Cause{parent, &relation}).second) {
            queue.push_back(id);
        }
    };
    for (const Relation& relation : world) {
        reach(relation, no_id);
    }
    for (std::size_t i = 0; i < queue.size(); ++i) {
        for (const Relation& relation : pool.depends(queue[i])) {
            reach(relation, queue[i]);
        }
    }
    return causes;
}

std::vector<ChainLink> chain_of(
    const PackagePool& pool, const std::unordered_map<PackageId, Cause>& causes, PackageId id
) {
    std::vector<ChainLink> chain;
    for (auto found = causes.find(id); found != causes.end();
         found = causes.find(found->second.parent)) {
        const Cause& cause = found->second;
        chain.push_back(
            {cause.parent == no_id ? std::string() : pool.label(cause.parent),
             std::string(cause.relation->text),
             pool.label(found->first)}
        );
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
}

/// Remembers by which rule candidates lost, the first time that each did.
class LossRecorder final : public WalkObserver {
 public:
    explicit LossRecorder(const PackagePool& pool) : pool_(pool) {}

    void decided(const WalkDecision& decision) override {
        for (const PackageId id : decision.candidates) {
            if (id == decision.winner || losses_.contains(id)) {
                continue;
            }
            const NameId name = decision.relation.name;
            const Comparison comparison = compare_candidates(
                pool_, {decision.winner, id}, name, decision.pin, decision.earlier
            );
            losses_[id] = {
                std::string(to_string(comparison.rule)),
                describe(pool_, comparison.rule, decision.winner, id, name),
                decision.winner};
        }
    }
    struct Loss {
        std::string rule;
        std::string text;
        PackageId winner = no_id;
    };
    const Loss* loss_of(PackageId id) const {
        const auto found = losses_.find(id);
        return found == losses_.end() ? nullptr : &found->second;
    }

 private:
    const PackagePool& pool_;
    std::unordered_map<PackageId, Loss> losses_;
};

class Explainer {
 public:
    Explainer(PackagePool& pool, std::span<const Relation> world, const SearchedSet& set)
        : pool_(pool),
          world_(world),
          set_(set),
          losses_(pool),
          walk_(pool, world, &losses_),
          table_(pool, set.packages) {
        static_cast<void>(walk_.run());  // it is the choices that count
        causes_ = find_causes(pool, world, table_);
    }

    /// `name` is what the user asked about.
    ExplainedMember explain(PackageId id, NameId name);
    Rival explain_absent(PackageId id, const Relation* relation, PackageId instead);

 private:
    bool is_member(PackageId id) const {
        const auto all = table_.members_for(pool_.name(id));
        return std::find(all.begin(), all.end(), id) != all.end();
    }
    Rival with_reason(PackageId id, std::string rule, std::string text) const {
        return {pool_.label(id), pool_.select(id).location, std::move(rule), std::move(text)};
    }
    std::optional<Rival> by_search(PackageId id);
    bool is_wanted(PackageId id) const;

    PackagePool& pool_;
    std::span<const Relation> world_;
    const SearchedSet& set_;
    LossRecorder losses_;
    GreedyWalk walk_;
    MemberTable table_;
    std::unordered_map<PackageId, Cause> causes_;
};

/// Why nothing that was chosen by a search could hold this package.
std::optional<Rival> Explainer::by_search(PackageId id) {
    std::vector<Relation> world(world_.begin(), world_.end());
    world.push_back(pool_.exactly(id));
    CompleteSearch search(pool_, world, {set_.deadline, set_.packages});
    if (search.run() != CompleteSearch::Outcome::impossible) {
        return std::nullopt;
    }
    const Refusal refusal = make_refusal(pool_, search.contradiction());
    std::string text = "it does not fit:";
    for (const Reason& reason : refusal.reasons) {
        // That it was asked for is how this was tried.
        if (reason.relation != world.back().text) {
            text += (text.back() == ':' ? " " : "; ") + reason.text;
        }
    }
    return with_reason(id, "does-not-fit", text);
}

/// Whether it would do for something that the world or a member needs.
bool Explainer::is_wanted(PackageId id) const {
    const auto does = [this, id](const Relation& relation) {
        return !relation.is_conflict && pool_.satisfies(id, relation);
    };
    return std::any_of(world_.begin(), world_.end(), does) ||
           std::any_of(set_.packages.begin(), set_.packages.end(), [&](PackageId member) {
               const auto relations = pool_.depends(member);
               return std::any_of(relations.begin(), relations.end(), does);
           });
}

Rival Explainer::explain_absent(PackageId id, const Relation* relation, PackageId instead) {
    if (!pool_.missing_for(id).empty() ||
        (relation != nullptr && !pool_.satisfies(id, *relation))) {
        const Relation any;
        Reason reason = reason_against(pool_, id, relation == nullptr ? any : *relation);
        return with_reason(id, std::move(reason.rule), std::move(reason.text));
    }
    if (set_.used_search) {
        if (auto rival = by_search(id)) {
            return *rival;
        }
        return is_wanted(id)
                   ? with_reason(id, "order", "the search came to another candidate first")
                   : with_reason(id, "not-needed", "nothing in the result needs it");
    }
    if (const std::string reason = walk_.reason_against(id); !reason.empty()) {
        return with_reason(id, "excluded", reason);
    }
    if (const LossRecorder::Loss* loss = losses_.loss_of(id)) {
        return with_reason(id, loss->rule, loss->text);
    }
    if (!pool_.tag(id).empty()) {
        Reason reason =
            reason_against(pool_, id, relation == nullptr ? pool_.exactly(id) : *relation);
        return with_reason(id, std::move(reason.rule), std::move(reason.text));
    }
    return instead == no_id
               ? with_reason(id, "not-needed", "nothing in the result needs it")
               : with_reason(
                     id, "chosen-before", fmt::format("{} was chosen before", pool_.label(instead))
                 );
}

ExplainedMember Explainer::explain(PackageId id, NameId name) {
    ExplainedMember member;
    member.package = pool_.select(id);
    member.chain = chain_of(pool_, causes_, id);
    const auto cause = causes_.find(id);
    if (cause == causes_.end()) {
        member.triggers = pool_.entry(id).install_if;
    }
    std::vector<PackageId> told{id};
    const auto tell = [&](NameId asked, const Relation* relation) {
        for (const PackageId other : pool_.candidates(asked)) {
            if (!is_member(other) && std::find(told.begin(), told.end(), other) == told.end()) {
                told.push_back(other);
                member.rivals.push_back(explain_absent(other, relation, id));
            }
        }
    };
    if (cause != causes_.end()) {
        tell(cause->second.relation->name, cause->second.relation);
    }
    tell(name, nullptr);
    return member;
}

}  // namespace

Result<Explanation> explain(
    std::string_view name,
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const ResolveOptions& options
) {
    PackagePool pool(indexes, options.peers);
    const std::vector<Relation> wanted = make_world(pool, world);
    QUERN_TRY(auto decision, decide_in(pool, wanted, options));
    if (const auto* refusal = std::get_if<Refusal>(&decision)) {
        return to_error(*refusal);
    }
    const auto& set = std::get<SearchedSet>(decision);
    Explanation explanation;
    explanation.notes = set.notes;
    const NameId asked = pool.names().find(name);
    const auto candidates = asked == no_id ? PackageRange() : pool.candidates(asked);
    if (candidates.empty()) {
        explanation.help = help_for(pool, name);
        return explanation;
    }
    Explainer explainer(pool, wanted, set);
    std::vector<PackageId> told;
    const auto is_new = [&told](PackageId id) {
        const bool is_known = std::find(told.begin(), told.end(), id) != told.end();
        told.push_back(id);
        return !is_known;
    };
    for (const PackageId id : candidates) {
        const bool is_member =
            std::find(set.packages.begin(), set.packages.end(), id) != set.packages.end();
        if (is_member && is_new(id)) {
            explanation.members.push_back(explainer.explain(id, asked));
        }
    }
    if (!explanation.members.empty()) {
        return explanation;
    }
    for (const PackageId id : candidates) {
        if (is_new(id)) {
            explanation.absent.push_back(explainer.explain_absent(id, nullptr, no_id));
        }
    }
    std::vector<Relation> more = wanted;
    more.push_back(pool.parse_relation(pool.names().text(asked)));
    QUERN_TRY(auto with_it, decide_in(pool, more, options));
    if (auto* refusal = std::get_if<Refusal>(&with_it)) {
        explanation.obstacle = std::move(*refusal);
    }
    return explanation;
}

}  // namespace quern::repository
