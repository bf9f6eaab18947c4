// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/candidate_order.hpp"

#include "quern/version.hpp"

#include <fmt/format.h>

#include <compare>
#include <utility>

namespace quern::repository {

namespace {

int order_of(std::strong_ordering order) {
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int prefer(bool first, bool second) {
    return first == second ? 0 : first ? -1 : 1;
}

/// Higher versions first; what is not a version comes last.
int compare_descending(std::string_view a, std::string_view b) {
    const bool is_a_valid = apk::is_valid_version(a);
    const bool is_b_valid = apk::is_valid_version(b);
    if (!is_a_valid || !is_b_valid) {
        return prefer(is_a_valid, is_b_valid);
    }
    return order_of(apk::compare_versions(b, a));
}

bool was_chosen(const PackagePool& pool, PackageId id, const EarlierChoices& earlier) {
    const auto found = earlier.packages.find(pool.name(id));
    return found != earlier.packages.end() && pool.version(found->second) == pool.version(id);
}

bool has_origin(const apk::IndexRow& entry, const EarlierChoices& earlier) {
    const auto found =
        entry.origin.empty() ? earlier.origins.end() : earlier.origins.find(entry.origin);
    return found != earlier.origins.end() && found->second == entry.version;
}

int compare_provided(std::string_view first, std::string_view second) {
    return first.empty() || second.empty() ? 0 : compare_descending(first, second);
}

}  // namespace

void EarlierChoices::add(const PackagePool& pool, PackageId id) {
    const apk::IndexRow row = pool.row(id);
    packages[pool.name(id)] = id;
    if (!row.origin.empty()) {
        origins[row.origin] = row.version;
    }
}

Comparison compare_candidates(
    const PackagePool& pool,
    std::pair<PackageId, PackageId> candidates,
    NameId name,
    std::string_view pin,
    const EarlierChoices& earlier
) {
    const auto [a, b] = candidates;
    const apk::IndexRow first = pool.row(a);
    const apk::IndexRow second = pool.row(b);
    if (const int order = prefer(was_chosen(pool, a, earlier), was_chosen(pool, b, earlier));
        order != 0) {
        return {order, ChoiceRule::chosen_before};
    }
    if (const int order = prefer(has_origin(first, earlier), has_origin(second, earlier));
        order != 0) {
        return {order, ChoiceRule::same_origin};
    }
    if (const int order = prefer(pool.tag(a) == pin, pool.tag(b) == pin); order != 0) {
        return {order, ChoiceRule::repository_tag};
    }
    if (const int order = compare_provided(pool.version_for(a, name), pool.version_for(b, name));
        order != 0) {
        const bool are_versions = pool.name(a) == name && pool.name(b) == name;
        return {order, are_versions ? ChoiceRule::package_version : ChoiceRule::provided_version};
    }
    if (pool.name(a) == pool.name(b)) {
        if (const int order = compare_descending(first.version, second.version); order != 0) {
            return {order, ChoiceRule::package_version};
        }
    }
    if (first.provider_priority != second.provider_priority) {
        const int order = first.provider_priority > second.provider_priority ? -1 : 1;
        return {order, ChoiceRule::provider_priority};
    }
    if (const int order = compare_descending(first.version, second.version); order != 0) {
        return {order, ChoiceRule::version_of_other_name};
    }
    const int order = first.name.compare(second.name);
    return {order, order == 0 ? ChoiceRule::index_order : ChoiceRule::name};
}

std::string_view to_string(ChoiceRule rule) {
    switch (rule) {
        case ChoiceRule::chosen_before:
            return "chosen-before";
        case ChoiceRule::same_origin:
            return "same-origin";
        case ChoiceRule::repository_tag:
            return "repository-tag";
        case ChoiceRule::provided_version:
            return "provided-version";
        case ChoiceRule::package_version:
            return "package-version";
        case ChoiceRule::provider_priority:
            return "provider-priority";
        case ChoiceRule::version_of_other_name:
            return "version-of-other-name";
        case ChoiceRule::name:
            return "name";
        case ChoiceRule::index_order:
            return "index-order";
    }
    return {};
}

std::string describe(
    const PackagePool& pool, ChoiceRule rule, PackageId winner, PackageId loser, NameId name
) {
    const apk::IndexRow first = pool.row(winner);
    const apk::IndexRow second = pool.row(loser);
    switch (rule) {
        case ChoiceRule::chosen_before:
            return fmt::format("{} was chosen before", pool.label(winner));
        case ChoiceRule::same_origin:
            return fmt::format(
                "a package of {} {} was chosen before, to which {} belongs",
                first.origin,
                first.version,
                first.name
            );
        case ChoiceRule::repository_tag:
            return pool.tag(winner).empty()
                       ? fmt::format(
                             "it is of the repository @{}, which was not asked for", pool.tag(loser)
                         )
                       : fmt::format(
                             "it is not of the repository @{}, which was asked for",
                             pool.tag(winner)
                         );
        case ChoiceRule::provided_version:
            return fmt::format(
                "it is {} {}, which is lower than {}",
                pool.names().text(name),
                pool.version_for(loser, name),
                pool.version_for(winner, name)
            );
        case ChoiceRule::package_version:
        case ChoiceRule::version_of_other_name:
            return fmt::format("version {} is lower than {}", second.version, first.version);
        case ChoiceRule::provider_priority:
            return fmt::format(
                "its provider priority {} is lower than {}",
                second.provider_priority,
                first.provider_priority
            );
        case ChoiceRule::name:
            return fmt::format("its name comes after {}", first.name);
        case ChoiceRule::index_order:
            return "it is the same package, listed later";
    }
    return {};
}

}  // namespace quern::repository
