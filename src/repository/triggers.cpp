// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/triggers.hpp"

#include "repository/soundness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern::repository {

namespace {

using ByName = std::unordered_map<NameId, PackageId>;

bool holds(const PackagePool& pool, std::string_view token, const ByName& present) {
    const std::size_t equals = token.find('=');
    const NameId name = pool.names().find(token.substr(0, equals));
    const auto found = name == no_id ? present.end() : present.find(name);
    return found != present.end() && (equals == std::string_view::npos ||
                                      pool.version(found->second) == token.substr(equals + 1));
}

/// The members that one entry of the world leads to, without the package that meets it.
std::vector<PackageId> below(
    PackagePool& pool, const MemberTable& table, PackageId top, std::span<const PackageId> members
) {
    std::vector<bool> is_reached(pool.size());
    std::vector<PackageId> agenda{top};
    is_reached[top] = true;
    while (!agenda.empty()) {
        const PackageId id = agenda.back();
        agenda.pop_back();
        for (const Relation& relation : pool.depends(id)) {
            const PackageId next = relation.is_conflict ? no_id : table.satisfier(relation);
            if (next != no_id && !is_reached[next]) {
                is_reached[next] = true;
                agenda.push_back(next);
            }
        }
    }
    is_reached[top] = false;
    std::vector<PackageId> reached;
    std::copy_if(members.begin(), members.end(), std::back_inserter(reached), [&](PackageId id) {
        return is_reached[id];
    });
    return reached;
}

}  // namespace

std::vector<PackageId> triggered_by(
    const PackagePool& pool, std::span<const PackageId> dependencies
) {
    ByName present;
    std::vector<PackageId> distinct;
    for (const PackageId id : dependencies) {
        if (present.emplace(pool.name(id), id).second) {
            distinct.push_back(id);
        }
    }
    std::vector<PackageId> triggered;
    for (const PackageId dependency : distinct) {
        auto waiting = pool.triggered_by(pool.package_name(dependency));
        if (waiting.empty()) {
            waiting = pool.triggered_by(
                fmt::format("{}={}", pool.package_name(dependency), pool.version(dependency))
            );
        }
        for (const PackageId id : waiting) {
            const auto tokens = apk::split_relation_words(pool.row(id).install_if);
            const bool is_triggered =
                std::all_of(tokens.begin(), tokens.end(), [&](std::string_view token) {
                    return holds(pool, token, present);
                });
            if (is_triggered && !present.contains(pool.name(id))) {
                triggered.push_back(id);
            }
        }
    }
    return triggered;
}

std::vector<PackageId> find_triggered(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> members
) {
    const MemberTable table(pool, members);
    std::vector<bool> is_known(pool.size());
    for (const PackageId id : members) {
        is_known[id] = true;
    }
    std::vector<PackageId> found;
    for (const Relation& wanted : world) {
        const PackageId top = wanted.is_conflict ? no_id : table.satisfier(wanted);
        if (top == no_id) {
            continue;
        }
        for (const PackageId id : triggered_by(pool, below(pool, table, top, members))) {
            if (!is_known[id]) {
                is_known[id] = true;
                found.push_back(id);
            }
        }
    }
    return found;
}

}  // namespace quern::repository
