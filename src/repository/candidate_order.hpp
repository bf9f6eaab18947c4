// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repository/package_pool.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern::repository {

/// What was chosen before, which makes its like preferred.
struct EarlierChoices {
    std::unordered_map<NameId, PackageId> packages;
    std::unordered_map<std::string_view, std::string_view> origins;  ///< with their versions

    void add(const PackagePool& pool, PackageId id);
    /// Keeps the room: a walk begins many times.
    void clear() {
        packages.clear();
        origins.clear();
    }
};

/// By what one candidate is before another, in the order in which it is looked at.
enum class ChoiceRule : std::uint8_t {
    chosen_before,
    same_origin,
    repository_tag,
    provided_version,
    package_version,
    provider_priority,
    version_of_other_name,
    name,
    index_order,  ///< equal in all of that: the first one stays
};

struct Comparison {
    int order = 0;  ///< negative: the first is the better one
    ChoiceRule rule = ChoiceRule::index_order;
};

/// Which of two candidates is the better one for `name`. `pin` is the tag that is asked for. Not
/// transitive: a candidate without a version for the name is neither before nor behind one with.
/// Source: image-and-resolver 3.8, "best", rules 1 to 8.
Comparison compare_candidates(
    const PackagePool& pool,
    std::pair<PackageId, PackageId> candidates,
    NameId name,
    std::string_view pin,
    const EarlierChoices& earlier
);

/// "package-version", for programs.
std::string_view to_string(ChoiceRule rule);
/// Why `loser` is behind `winner`, in words.
std::string describe(
    const PackagePool& pool, ChoiceRule rule, PackageId winner, PackageId loser, NameId name
);

}  // namespace quern::repository
