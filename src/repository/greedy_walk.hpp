// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/candidate_order.hpp"
#include "repository/package_pool.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quern::repository {

/// What the walk came to: packages in install order; with a failure those chosen so far.
struct WalkResult {
    std::vector<PackageId> packages;
    std::optional<std::string> failure;  ///< where it stopped and why, in words
};

/// By what a package was put out of the running.
struct Exclusion {
    enum class Kind : std::uint8_t { excluded, unfit_version, unfit_provide, other_provider };
    Kind kind = Kind::excluded;
    std::string_view relation;  ///< text of what excluded it
    PackageId other = no_id;    ///< package that did; no_id: the world
    NameId name = no_id;
};

/// One choice as it was made.
struct WalkDecision {
    PackageId owner = no_id;  ///< whose dependency it is; no_id: the world
    const Relation& relation;
    PackageId winner = no_id;
    std::span<const PackageId> candidates;  ///< those that were still in the running
    std::string_view pin;
    const EarlierChoices& earlier;
};

/// Is told of every choice; what it is given is gone afterwards.
class WalkObserver {
 public:
    WalkObserver() = default;
    WalkObserver(const WalkObserver&) = delete;
    WalkObserver& operator=(const WalkObserver&) = delete;
    virtual ~WalkObserver() = default;
    virtual void decided(const WalkDecision& decision) = 0;
};

/// Chooses packages without ever going back: the order of choice decides. The answer may break a
/// dependency; the caller checks. Source: image-and-resolver 3.8, steps 1 to 4.
class GreedyWalk {
 public:
    GreedyWalk(
        PackagePool& pool, std::span<const Relation> world, WalkObserver* observer = nullptr
    );
    WalkResult run();

    /// Words for why a package is out of the running; empty if it is not.
    std::string reason_against(PackageId id) const;

 private:
    struct Frame {
        PackageId package = no_id;
        const Relation* reason = nullptr;
        std::vector<const Relation*> remaining;
        std::vector<PackageId> winners;  ///< chosen for its dependencies so far
    };

    bool choose_for_world();
    bool walk(const Relation& wanted);
    bool walk_dependencies(PackageId top, const Relation& wanted);
    void push(PackageId package, const Relation& reason);
    void pop();
    /// Drops what is done already; false on failure. The next one to decide goes to `next`.
    bool settle_remaining(Frame& frame, std::string_view pin, const Relation*& next);
    bool is_done_by_selected(const Relation& relation, bool& conflicts) const;
    bool mark_selected(PackageId package);
    void constrain(std::span<const Relation> relations, PackageId owner);
    void constrain(const Relation& relation, PackageId owner);
    void exclude(PackageId id, Exclusion exclusion);
    bool is_excluded(PackageId id) const { return exclusion_of_[id] != no_id; }
    void exclude_other_providers(PackageId winner);
    void filter(const Relation& relation, std::string_view pin, PackageId installed);
    PackageId best(const Relation& relation, std::string_view pin);
    PackageId chosen_for(NameId name) const;
    void add_triggered();
    void emit(PackageId top);
    bool may_go_on();

    bool fail(const Relation& relation, std::string_view why);
    bool fail_without_candidates(const Relation& relation);

    PackagePool& pool_;
    std::span<const Relation> world_;
    WalkObserver* observer_;
    std::uint64_t steps_ = 0;
    std::vector<Exclusion> exclusions_;
    std::vector<std::uint32_t> exclusion_of_;  ///< in exclusions_ by package; no_id: in the running
    std::vector<PackageId> selected_;          ///< by name
    std::vector<bool> is_ancestor_;            ///< by name
    std::vector<Frame> stack_;
    std::vector<PackageId> output_;
    std::vector<PackageId> found_;  ///< candidates of the last filter
    std::map<NameId, PackageId> chosen_;
    EarlierChoices earlier_;
    std::vector<bool> is_emitted_;  ///< by name
    WalkResult result_;
};

}  // namespace quern::repository
