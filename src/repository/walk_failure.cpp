// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// What the greedy walk says where it stops, and why a candidate is out.
#include "repository/greedy_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::repository {

std::string GreedyWalk::reason_against(PackageId id) const {
    using Kind = Exclusion::Kind;
    if (!is_excluded(id)) {
        return {};
    }
    const Exclusion& exclusion = exclusions_[exclusion_of_[id]];
    const std::string label = pool_.label(id);
    if (exclusion.kind == Kind::other_provider) {
        return fmt::format(
            "{} cannot be beside {}: both stand for {}",
            label,
            pool_.label(exclusion.other),
            pool_.names().text(exclusion.name)
        );
    }
    const std::string owner = exclusion.other == no_id ? "the world" : pool_.label(exclusion.other);
    if (exclusion.kind == Kind::excluded) {
        return fmt::format("{} is excluded by {} of {}", label, exclusion.relation, owner);
    }
    if (exclusion.kind == Kind::unfit_version) {
        return fmt::format(
            "{} does not satisfy {}, which {} needs", label, exclusion.relation, owner
        );
    }
    return fmt::format(
        "{} provides {}={}, which does not satisfy {} of {}",
        label,
        pool_.names().text(exclusion.name),
        pool_.version_for(id, exclusion.name),
        exclusion.relation,
        owner
    );
}

bool GreedyWalk::fail(const Relation& relation, std::string_view why) {
    const std::string needed_by = stack_.empty() ? "the world" : pool_.label(stack_.back().package);
    result_.failure = fmt::format("{} needs {}, but {}", needed_by, relation.text, why);
    return false;
}

bool GreedyWalk::fail_without_candidates(const Relation& relation) {
    std::string why = "nothing that provides it is left";
    for (const PackageId id : pool_.candidates(relation.name)) {
        if (const std::string reason = reason_against(id); !reason.empty()) {
            why = reason;
            break;
        }
    }
    return fail(relation, why);
}

}  // namespace quern::repository
