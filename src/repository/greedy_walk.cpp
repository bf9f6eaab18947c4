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

#include "quern/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::repository {

namespace {

/// Counted and not timed, so that the answer is the same on a slow machine. The largest recorded
/// world needs 4,300 of some 5,000 packages.
constexpr std::uint64_t least_steps = 50'000;
constexpr std::uint64_t steps_per_package = 20;

int order_of(std::strong_ordering order) {
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/// Higher versions first; what is not a version comes last.
int compare_descending(std::string_view a, std::string_view b) {
    const bool is_a_valid = apk::is_valid_version(a);
    const bool is_b_valid = apk::is_valid_version(b);
    if (!is_a_valid || !is_b_valid) {
        return is_a_valid == is_b_valid ? 0 : is_a_valid ? -1 : 1;
    }
    return order_of(apk::compare_versions(b, a));
}

}  // namespace

GreedyWalk::GreedyWalk(PackagePool& pool, std::span<const Relation> world)
    : pool_(pool), world_(world), exclusions_(pool.size()) {}

WalkResult GreedyWalk::run() {
    constrain(world_);
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
    result_.failure.emplace();
    result_.failure->has_given_up = true;
    return false;
}

void GreedyWalk::exclude(PackageId id, Exclusion exclusion) {
    if (exclusions_[id].kind == Exclusion::Kind::none) {
        exclusions_[id] = exclusion;
    }
}

void GreedyWalk::constrain(std::span<const Relation> relations) {
    for (const Relation& relation : relations) {
        constrain(relation);
    }
}

/// Puts candidates of the wrong version out of the running, for the rest of the walk.
void GreedyWalk::constrain(const Relation& relation) {
    if (relation.is_conflict) {
        for (const PackageId id : pool_.candidates(relation.name)) {
            if (pool_.satisfies(id, relation)) {
                exclude(id, {Exclusion::Kind::excluded, relation.text, no_id, relation.name});
            }
        }
        return;
    }
    if (!relation.has_constraint() || relation.match == apk::Dependency::any) {
        return;
    }
    for (const PackageId id : pool_.candidates(relation.name)) {
        if (pool_.name(id) == relation.name && !relation.is_satisfied_by(pool_.entry(id).version)) {
            exclude(id, {Exclusion::Kind::unfit_version, relation.text, no_id, relation.name});
        }
        for (const Provide& provide : pool_.provides(id)) {
            const bool is_unfit = provide.name == relation.name && !provide.version.empty() &&
                                  !relation.is_satisfied_by(provide.version);
            if (is_unfit) {
                exclude(id, {Exclusion::Kind::unfit_provide, relation.text, no_id, relation.name});
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
        if (exclusions_[id].kind != Exclusion::Kind::none ||
            (!tag.empty() && tag != pin && id != installed)) {
            continue;
        }
        if (!relation.has_constraint() || relation.match == apk::Dependency::any) {
            found_.push_back(id);
            continue;
        }
        const auto provides = pool_.provides(id);
        const bool fits =
            relation.is_satisfied_by(pool_.entry(id).version) || pool_.satisfies(id, relation) ||
            std::any_of(provides.begin(), provides.end(), [&relation](const Provide& provide) {
                return !provide.version.empty() && relation.is_satisfied_by(provide.version);
            });
        if (fits) {
            found_.push_back(id);
        }
    }
}

/// Negative if `a` is the better candidate for `name`. Source: image-and-resolver 3.8, "best",
/// rules 1 to 8.
int GreedyWalk::compare(PackageId a, PackageId b, NameId name, std::string_view pin) const {
    const apk::IndexEntry& first = pool_.entry(a);
    const apk::IndexEntry& second = pool_.entry(b);
    const auto prefer = [](bool left, bool right) { return left == right ? 0 : left ? -1 : 1; };
    const auto is_existing = [this](PackageId id) {
        const auto found = existing_.find(pool_.name(id));
        return found != existing_.end() &&
               pool_.entry(found->second).version == pool_.entry(id).version;
    };
    const auto has_origin = [this](const apk::IndexEntry& entry) {
        const auto found = entry.origin.empty() ? origins_.end() : origins_.find(entry.origin);
        return found != origins_.end() && found->second == entry.version;
    };
    if (const int order = prefer(is_existing(a), is_existing(b)); order != 0) {
        return order;
    }
    if (const int order = prefer(has_origin(first), has_origin(second)); order != 0) {
        return order;
    }
    if (const int order = prefer(pool_.tag(a) == pin, pool_.tag(b) == pin); order != 0) {
        return order;
    }
    const std::string_view first_version = pool_.version_for(a, name);
    const std::string_view second_version = pool_.version_for(b, name);
    if (!first_version.empty() && !second_version.empty()) {
        if (const int order = compare_descending(first_version, second_version); order != 0) {
            return order;
        }
    }
    if (pool_.name(a) == pool_.name(b)) {
        if (const int order = compare_descending(first.version, second.version); order != 0) {
            return order;
        }
    }
    if (first.provider_priority != second.provider_priority) {
        return first.provider_priority > second.provider_priority ? -1 : 1;
    }
    if (const int order = compare_descending(first.version, second.version); order != 0) {
        return order;
    }
    return first.name.compare(second.name);
}

PackageId GreedyWalk::best(NameId name, std::string_view pin) const {
    PackageId winner = found_.front();
    for (const PackageId id : found_) {
        if (compare(id, winner, name, pin) < 0) {
            winner = id;
        }
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
        const PackageId winner = best(relation.name, relation.tag);
        chosen_[pool_.name(winner)] = winner;
        remaining.erase(remaining.begin() + static_cast<std::ptrdiff_t>(place));
        exclude_other_providers(winner);
    }
    return true;
}

/// Step 3 for one entry of the world.
bool GreedyWalk::walk(const Relation& wanted) {
    existing_.clear();
    origins_.clear();
    filter(wanted, wanted.tag, no_id);
    if (found_.empty()) {
        return fail_without_candidates(wanted);
    }
    const PackageId top = best(wanted.name, wanted.tag);
    existing_ = chosen_;
    for (const auto& [name, id] : chosen_) {
        if (!pool_.entry(id).origin.empty()) {
            origins_[pool_.entry(id).origin] = pool_.entry(id).version;
        }
    }
    output_.clear();
    if (!walk_dependencies(top, wanted)) {
        return false;
    }
    add_triggered();
    emit(top);
    return true;
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
        constrain(pool_.depends(package));
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
        const apk::IndexEntry& entry = pool_.entry(winner);
        existing_[pool_.name(winner)] = winner;
        if (!entry.origin.empty()) {
            origins_[entry.origin] = entry.version;
        }
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
        const auto installed = existing_.find(next->name);
        filter(*next, wanted.tag, installed == existing_.end() ? no_id : installed->second);
        const PackageId winner = best(next->name, {});
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
            begin_failure(*relation);
            result_.failure->lines.push_back(fmt::format(
                "but {} was chosen before, which is not {}",
                pool_.label(selected_[relation->name]),
                relation->text
            ));
            return false;
        }
        const auto installed = existing_.find(relation->name);
        filter(*relation, pin, installed == existing_.end() ? no_id : installed->second);
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
            begin_failure(reason);
            result_.failure->lines.push_back(fmt::format(
                "but {} and {} cannot both stand for {}",
                pool_.label(selected_[name]),
                pool_.label(package),
                pool_.names().text(name)
            ));
            return false;
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

bool GreedyWalk::is_triggered(PackageId id, const Existing& present) const {
    const auto& tokens = pool_.entry(id).install_if;
    return std::all_of(tokens.begin(), tokens.end(), [&](const std::string& token) {
        const std::size_t equals = token.find('=');
        const NameId name = pool_.names().find(std::string_view(token).substr(0, equals));
        const auto found = name == no_id ? present.end() : present.find(name);
        return found != present.end() &&
               (equals == std::string::npos ||
                pool_.entry(found->second).version == token.substr(equals + 1));
    });
}

/// Packages that want to be there when some others are. Their own dependencies are not looked at
/// here.
void GreedyWalk::add_triggered() {
    Existing present;
    std::vector<PackageId> dependencies;
    for (const PackageId id : output_) {
        if (present.emplace(pool_.name(id), id).second) {
            dependencies.push_back(id);
        }
    }
    for (const PackageId dependency : dependencies) {
        const apk::IndexEntry& entry = pool_.entry(dependency);
        auto waiting = pool_.triggered_by(entry.name);
        if (waiting.empty()) {
            waiting = pool_.triggered_by(fmt::format("{}={}", entry.name, entry.version));
        }
        for (const PackageId id : waiting) {
            const bool is_open =
                exclusions_[id].kind == Exclusion::Kind::none && !present.contains(pool_.name(id));
            if (is_open && is_triggered(id, present)) {
                output_.push_back(id);
                result_.triggered.push_back(id);
            }
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
