// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The walk is depth first with a stack of its own, since a chain of dependencies may be as long as
// an index. A frame is a package with those of its dependencies that are not settled yet; what
// frames have put out stands in one list, each frame knows where its own part begins. Of the open
// dependencies of a frame the one with the fewest candidates is decided first, and every decision
// can exclude candidates elsewhere: that, and not a plan, makes the order. Two things differ from
// the reference on purpose, because there it refuses worlds that have an answer: a version that a
// selected package provides is compared with the operator that was asked for, and `!name` in a
// world is honoured.
#include "repository/greedy_walk.hpp"

#include "repository/triggers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace quern::repository {

namespace {

/// Counted and not timed, so that the answer is the same on a slow machine. The largest recorded
/// world needs 4,300 of some 5,000 packages.
constexpr std::uint64_t least_steps = 50'000;
constexpr std::uint64_t steps_per_package = 20;

}  // namespace

GreedyWalk::GreedyWalk(PackagePool& pool, std::span<const Relation> world, WalkObserver* observer)
    : pool_(pool), world_(world), observer_(observer), exclusion_of_(pool.size(), no_id) {}

WalkResult GreedyWalk::run() {
    constrain(world_, no_id);
    if (choose_for_world()) {
        for (const Relation& wanted : world_) {
            if (!wanted.is_conflict && !walk(wanted)) {
                break;
            }
        }
    }
    return std::move(result_);
}

bool GreedyWalk::may_go_on() {
    if (++steps_ <= least_steps + steps_per_package * pool_.size()) {
        return true;
    }
    result_.failure = "there are too many ways to look at";
    return false;
}

void GreedyWalk::exclude(PackageId id, Exclusion exclusion) {
    if (!is_excluded(id)) {
        exclusion_of_[id] = static_cast<std::uint32_t>(exclusions_.size());
        exclusions_.push_back(exclusion);
    }
}

void GreedyWalk::constrain(std::span<const Relation> relations, PackageId owner) {
    for (const Relation& relation : relations) {
        constrain(relation, owner);
    }
}

/// Puts candidates of the wrong version out of the running, for the rest of the walk.
void GreedyWalk::constrain(const Relation& relation, PackageId owner) {
    if (relation.is_conflict) {
        for (const PackageId id : pool_.candidates(relation.name)) {
            if (pool_.satisfies(id, relation)) {
                exclude(id, {Exclusion::Kind::excluded, relation.text, owner, relation.name});
            }
        }
        return;
    }
    if (!relation.has_constraint() || relation.match == apk::Dependency::any) {
        return;
    }
    for (const PackageId id : pool_.candidates(relation.name)) {
        if (pool_.name(id) == relation.name && !relation.is_satisfied_by(pool_.version(id))) {
            exclude(id, {Exclusion::Kind::unfit_version, relation.text, owner, relation.name});
        }
        for (const Provide& provide : pool_.provides(id)) {
            const bool is_unfit = provide.name == relation.name && !provide.version.empty() &&
                                  !relation.is_satisfied_by(provide.version);
            if (is_unfit) {
                exclude(id, {Exclusion::Kind::unfit_provide, relation.text, owner, relation.name});
            }
        }
    }
}

/// A name that is provided with a version can have one provider only.
void GreedyWalk::exclude_other_providers(PackageId winner) {
    for (const Provide& provide : pool_.provides(winner)) {
        for (const PackageId id : pool_.candidates(provide.name)) {
            if (id == winner) {
                continue;
            }
            const bool is_shared = provide.version.empty() && pool_.name(id) != provide.name &&
                                   pool_.version_for(id, provide.name).empty();
            if (!is_shared) {
                exclude(id, {Exclusion::Kind::other_provider, {}, winner, provide.name});
            }
        }
    }
}

/// Fills `found_` with the candidates that are still in the running.
void GreedyWalk::filter(const Relation& relation, std::string_view pin, PackageId installed) {
    found_.clear();
    for (const PackageId id : pool_.candidates(relation.name)) {
        const std::string_view tag = pool_.tag(id);
        if (is_excluded(id) || !pool_.missing_for(id).empty() ||
            (!tag.empty() && tag != pin && id != installed)) {
            continue;
        }
        if (!relation.has_constraint() || relation.match == apk::Dependency::any) {
            found_.push_back(id);
            continue;
        }
        const auto provides = pool_.provides(id);
        const bool fits =
            relation.is_satisfied_by(pool_.version(id)) || pool_.satisfies(id, relation) ||
            std::any_of(provides.begin(), provides.end(), [&relation](const Provide& provide) {
                return !provide.version.empty() && relation.is_satisfied_by(provide.version);
            });
        if (fits) {
            found_.push_back(id);
        }
    }
}

/// The best of `found_`, which is not empty.
PackageId GreedyWalk::best(const Relation& relation, std::string_view pin) {
    PackageId winner = found_.front();
    for (const PackageId id : std::span(found_).subspan(1)) {
        if (compare_candidates(pool_, {id, winner}, relation.name, pin, earlier_).order < 0) {
            winner = id;
        }
    }
    if (observer_ != nullptr) {
        const PackageId owner = stack_.empty() ? no_id : stack_.back().package;
        observer_->decided({owner, relation, winner, found_, pin, earlier_});
    }
    return winner;
}

/// Step 2: the world's own packages, those with the least choice first.
bool GreedyWalk::choose_for_world() {
    std::vector<const Relation*> remaining;
    for (const Relation& relation : world_) {
        if (!relation.is_conflict) {
            remaining.push_back(&relation);
        }
    }
    while (!remaining.empty()) {
        std::size_t fewest = 0;
        std::size_t place = 0;
        for (std::size_t i = 0; i < remaining.size(); ++i) {
            filter(*remaining[i], remaining[i]->tag, no_id);
            if (found_.empty()) {
                return fail_without_candidates(*remaining[i]);
            }
            if (i == 0 || found_.size() < fewest) {
                fewest = found_.size();
                place = i;
            }
        }
        const Relation& relation = *remaining[place];
        filter(relation, relation.tag, no_id);
        const PackageId winner = best(relation, relation.tag);
        chosen_[pool_.name(winner)] = winner;
        remaining.erase(remaining.begin() + static_cast<std::ptrdiff_t>(place));
        exclude_other_providers(winner);
    }
    return true;
}

/// Step 3 for one entry of the world.
bool GreedyWalk::walk(const Relation& wanted) {
    earlier_.clear();
    filter(wanted, wanted.tag, no_id);
    if (found_.empty()) {
        return fail_without_candidates(wanted);
    }
    const PackageId top = best(wanted, wanted.tag);
    for (const auto& [name, id] : chosen_) {
        earlier_.add(pool_, id);
    }
    output_.clear();
    if (!walk_dependencies(top, wanted)) {
        return false;
    }
    add_triggered();
    emit(top);
    return true;
}

PackageId GreedyWalk::chosen_for(NameId name) const {
    const auto found = earlier_.packages.find(name);
    return found == earlier_.packages.end() ? no_id : found->second;
}

void GreedyWalk::push(PackageId package, const Relation& reason) {
    Frame frame;
    frame.package = package;
    frame.reason = &reason;
    if (is_ancestor_.size() < pool_.names().size()) {
        is_ancestor_.resize(pool_.names().size());
    }
    // A package that is on the way down to itself has its dependencies looked at there.
    if (!is_ancestor_[pool_.name(package)]) {
        is_ancestor_[pool_.name(package)] = true;
        constrain(pool_.depends(package), package);
        for (const Relation& relation : pool_.depends(package)) {
            if (!relation.is_conflict) {
                frame.remaining.push_back(&relation);
            }
        }
    } else {
        frame.reason = nullptr;
    }
    stack_.push_back(std::move(frame));
}

void GreedyWalk::pop() {
    const Frame& frame = stack_.back();
    if (frame.reason != nullptr) {
        is_ancestor_[pool_.name(frame.package)] = false;
    }
    // What lies below the winners was added when they were left.
    for (const PackageId winner : frame.winners) {
        earlier_.add(pool_, winner);
    }
    output_.push_back(frame.package);
    stack_.pop_back();
}

bool GreedyWalk::walk_dependencies(PackageId top, const Relation& wanted) {
    push(top, wanted);
    while (true) {
        Frame& frame = stack_.back();
        const Relation* next = nullptr;
        if (!settle_remaining(frame, wanted.tag, next)) {
            return false;
        }
        if (next == nullptr) {
            pop();
            if (stack_.empty()) {
                output_.pop_back();  // the top itself comes after what it triggers
                return true;
            }
            continue;
        }
        filter(*next, wanted.tag, chosen_for(next->name));
        const PackageId winner = best(*next, {});
        exclude_other_providers(winner);
        if (!mark_selected(frame.package)) {
            return false;
        }
        frame.winners.push_back(winner);
        push(winner, *next);
    }
}

bool GreedyWalk::is_done_by_selected(const Relation& relation, bool& conflicts) const {
    const PackageId picked = relation.name < selected_.size() ? selected_[relation.name] : no_id;
    if (picked == no_id) {
        return false;
    }
    conflicts = relation.has_constraint() && !pool_.satisfies(picked, relation);
    return !conflicts;
}

bool GreedyWalk::settle_remaining(Frame& frame, std::string_view pin, const Relation*& next) {
    std::size_t fewest = 0;
    std::vector<const Relation*> open;
    for (const Relation* relation : frame.remaining) {
        if (!may_go_on()) {
            return false;
        }
        bool conflicts = false;
        if (pool_.satisfies(frame.package, *relation) ||
            is_done_by_selected(*relation, conflicts)) {
            continue;
        }
        if (conflicts) {
            const std::string before = pool_.label(selected_[relation->name]);
            return fail(*relation, before + " was chosen before");
        }
        filter(*relation, pin, chosen_for(relation->name));
        if (found_.empty()) {
            return fail_without_candidates(*relation);
        }
        open.push_back(relation);
        if (next == nullptr || found_.size() < fewest ||
            (found_.size() == fewest && relation->text < next->text)) {
            fewest = found_.size();
            next = relation;
        }
    }
    std::erase(open, next);
    frame.remaining = std::move(open);
    return true;
}

bool GreedyWalk::mark_selected(PackageId package) {
    if (selected_.size() < pool_.names().size()) {
        selected_.resize(pool_.names().size(), no_id);
    }
    const auto mark = [this, package](NameId name) {
        if (selected_[name] != no_id && selected_[name] != package) {
            const Relation& reason =
                stack_.back().reason != nullptr ? *stack_.back().reason : world_.front();
            return fail(
                reason,
                fmt::format(
                    "{} and {} cannot both stand for {}",
                    pool_.label(selected_[name]),
                    pool_.label(package),
                    pool_.names().text(name)
                )
            );
        }
        selected_[name] = package;
        return true;
    };
    if (!mark(pool_.name(package))) {
        return false;
    }
    const auto provides = pool_.provides(package);
    return std::all_of(provides.begin(), provides.end(), [&mark](const Provide& provide) {
        return provide.version.empty() || mark(provide.name);
    });
}

/// Packages that want to be there when some others are. Their own dependencies are not looked at
/// here.
void GreedyWalk::add_triggered() {
    for (const PackageId id : triggered_by(pool_, output_)) {
        if (!is_excluded(id) && pool_.missing_for(id).empty()) {
            output_.push_back(id);
        }
    }
}

void GreedyWalk::emit(PackageId top) {
    output_.push_back(top);
    is_emitted_.resize(pool_.names().size());
    for (const PackageId id : output_) {
        const NameId name = pool_.name(id);
        if (!is_emitted_[name]) {
            is_emitted_[name] = true;
            chosen_[name] = id;
            result_.packages.push_back(id);
        }
    }
}

}  // namespace quern::repository
