// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/prune.hpp"

#include "quern/repository.hpp"
#include "repository/package_pool.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>

namespace quern::repository {
namespace {

/// What stays, by number: it grows by what is needed while it is gone through.
struct Staying {
    std::vector<bool> stays;
    std::vector<PackageId> queue;

    void add(PackageId id) {
        stays[id] = true;
        queue.push_back(id);
    }
};

/// The newest superseded package that a relation needs; nothing if one that stays will do.
std::optional<PackageId> needed(
    const PackagePool& pool, const Relation& relation, const Staying& staying
) {
    std::optional<PackageId> newest;
    for (const PackageId id : pool.candidates(relation.name)) {
        if (!pool.satisfies(id, relation)) {
            continue;
        }
        if (staying.stays[id]) {
            return std::nullopt;
        }
        newest = id;
    }
    return newest;
}

}  // namespace

Result<Pruning> prune(const apk::Index& index, std::size_t keep) {
    RepositoryIndex only;
    QUERN_TRY(only.packages, apk::IndexTable::of(index));
    PackagePool pool(std::span(&only, 1));
    Staying staying = {std::vector<bool>(pool.size()), {}};
    for (PackageId id = 0; id < pool.size(); ++id) {
        if (id + keep >= pool.size() ||
            pool.name(id) != pool.name(static_cast<PackageId>(id + keep))) {
            staying.add(id);
        }
    }
    Pruning pruning;
    for (std::size_t i = 0; i < staying.queue.size(); ++i) {
        const PackageId user = staying.queue[i];
        for (const Relation& relation : pool.depends(user)) {
            if (relation.is_conflict) {
                continue;
            }
            if (const auto spared = needed(pool, relation, staying)) {
                staying.add(*spared);
                pruning.spared.push_back(fmt::format(
                    "{}.apk stays: {} needs {}; --remove one of them",
                    printable(pool.label(*spared)),
                    printable(pool.label(user)),
                    printable(relation.text)
                ));
            }
        }
    }
    for (PackageId id = 0; id < pool.size(); ++id) {
        if (!staying.stays[id]) {
            pruning.dropped.insert(pool.label(id) + ".apk");
        }
    }
    return pruning;
}

}  // namespace quern::repository
