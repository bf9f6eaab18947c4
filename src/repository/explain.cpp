// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"
#include "quern/version.hpp"
#include "repository/greedy_walk.hpp"
#include "repository/package_pool.hpp"
#include "repository/soundness.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace quern::repository {

namespace {

/// How a member of the set came in.
struct Cause {
    PackageId parent = no_id;  ///< no_id: the world
    const Relation* relation = nullptr;
};

/// Shortest ways from the world to every member.
std::unordered_map<PackageId, Cause> find_causes(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> members
) {
    const MemberTable table(pool, members);
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

/// The first rule of image-and-resolver 3.8, "best", by which `winner` is before `loser` for
/// `name`, without what depends on earlier choices.
std::string rule_between(const PackagePool& pool, PackageId winner, PackageId loser, NameId name) {
    const std::string_view winning = pool.version_for(winner, name);
    const std::string_view losing = pool.version_for(loser, name);
    if (!winning.empty() && !losing.empty() && apk::compare_versions(winning, losing) > 0) {
        return fmt::format("{} is lower than {}", losing, winning);
    }
    const apk::IndexEntry& first = pool.entry(winner);
    const apk::IndexEntry& second = pool.entry(loser);
    if (first.provider_priority > second.provider_priority) {
        return fmt::format(
            "provider priority {} is lower than {}",
            second.provider_priority,
            first.provider_priority
        );
    }
    if (apk::compare_versions(first.version, second.version) > 0) {
        return fmt::format("package version {} is lower than {}", second.version, first.version);
    }
    if (first.name == second.name && first.version == second.version) {
        return "the same package of a later repository";
    }
    return fmt::format("{} was chosen before, or its name comes first", pool.label(winner));
}

std::vector<std::string> chain_of(
    const PackagePool& pool, const std::unordered_map<PackageId, Cause>& causes, PackageId id
) {
    std::vector<std::string> lines;
    for (auto found = causes.find(id); found != causes.end();
         found = causes.find(found->second.parent)) {
        const Cause& cause = found->second;
        const std::string who = cause.parent == no_id ? "the world" : pool.label(cause.parent);
        lines.push_back(fmt::format(
            "{} needs {}: {}", who, printable(cause.relation->text), pool.label(found->first)
        ));
    }
    std::reverse(lines.begin(), lines.end());
    return lines;
}

/// Members of the resolution in this pool, which has other numbers.
std::vector<PackageId> find_members(const PackagePool& pool, const Resolution& resolution) {
    std::vector<PackageId> members;
    for (const Selected& selected : resolution.packages) {
        for (const PackageId id : pool.candidates(pool.names().find(selected.entry->name))) {
            if (&pool.entry(id) == selected.entry) {
                members.push_back(id);
                break;
            }
        }
    }
    return members;
}

}  // namespace

Result<std::vector<std::string>> explain(
    std::string_view name,
    std::span<const apk::Dependency> world,
    std::span<const RepositoryIndex> indexes,
    const Resolution& resolution
) {
    PackagePool pool(indexes);
    std::vector<Relation> wanted;
    for (const apk::Dependency& dependency : world) {
        wanted.push_back(pool.make_relation(dependency));
    }
    const std::vector<PackageId> members = find_members(pool, resolution);
    const auto chosen = std::find_if(members.begin(), members.end(), [&](PackageId id) {
        return pool.entry(id).name == name ||
               !pool.version_for(id, pool.names().find(name)).empty();
    });
    if (chosen == members.end()) {
        return Error(
            ErrorCode::not_found, fmt::format("{} is not among the packages", printable(name))
        );
    }
    for (const PackageId id : members) {
        static_cast<void>(pool.depends(id));  // all names must be known before a table is made
    }
    const auto causes = find_causes(pool, wanted, members);
    std::vector<std::string> lines = chain_of(pool, causes, *chosen);
    if (lines.empty()) {
        lines.push_back(fmt::format("{} came by install_if", pool.label(*chosen)));
    }
    GreedyWalk walk(pool, wanted);
    static_cast<void>(walk.run());
    const auto cause = causes.find(*chosen);
    const NameId asked = cause == causes.end() ? pool.name(*chosen) : cause->second.relation->name;
    for (const PackageId id : pool.candidates(asked)) {
        if (id == *chosen) {
            continue;
        }
        const std::string reason = walk.reason_against(id);
        lines.push_back(
            reason.empty()
                ? fmt::format("{} lost: {}", pool.label(id), rule_between(pool, *chosen, id, asked))
                : reason
        );
    }
    return lines;
}

}  // namespace quern::repository
