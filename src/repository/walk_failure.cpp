// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// What the greedy walk says where it stops: the way from the world down to what is missing, and why
// each candidate is out.
#include "repository/greedy_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::repository {

std::string GreedyWalk::reason_against(PackageId id) const {
    const Exclusion& exclusion = exclusions_[id];
    switch (exclusion.kind) {
        case Exclusion::Kind::none:
            return {};
        case Exclusion::Kind::excluded:
            return fmt::format("{} is excluded by {}", pool_.label(id), exclusion.relation);
        case Exclusion::Kind::unfit_version:
            return fmt::format("{} does not satisfy {}", pool_.label(id), exclusion.relation);
        case Exclusion::Kind::unfit_provide:
            return fmt::format(
                "{} provides {}={}, which does not satisfy {}",
                pool_.label(id),
                pool_.names().text(exclusion.name),
                pool_.version_for(id, exclusion.name),
                exclusion.relation
            );
        case Exclusion::Kind::other_provider:
            return fmt::format(
                "{} cannot be beside {}: both stand for {}",
                pool_.label(id),
                pool_.label(exclusion.other),
                pool_.names().text(exclusion.name)
            );
    }
    return {};
}

/// The way from the world down to `relation`.
void GreedyWalk::begin_failure(const Relation& relation) {
    WalkFailure& failure = result_.failure.emplace();
    failure.leaf = &relation;
    std::string needed_by = "the world";
    for (const Frame& frame : stack_) {
        if (frame.reason != nullptr) {
            failure.lines.push_back(fmt::format("{} needs {}", needed_by, frame.reason->text));
        }
        needed_by = pool_.label(frame.package);
    }
    failure.lines.push_back(fmt::format("{} needs {}", needed_by, relation.text));
}

bool GreedyWalk::fail_without_candidates(const Relation& relation) {
    begin_failure(relation);
    auto& lines = result_.failure->lines;
    const auto all = pool_.candidates(relation.name);
    if (all.empty()) {
        lines.push_back(fmt::format("nothing provides {}", relation.text));
    }
    for (const PackageId id : all) {
        std::string line = reason_against(id);
        if (line.empty()) {
            const bool is_hidden = !pool_.tag(id).empty();
            line = is_hidden
                       ? fmt::format(
                             "{} is only in the repository @{}", pool_.label(id), pool_.tag(id)
                         )
                       : fmt::format("{} does not satisfy {}", pool_.label(id), relation.text);
        }
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
            lines.push_back(std::move(line));
        }
    }
    return false;
}

}  // namespace quern::repository
