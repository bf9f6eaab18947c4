// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/soundness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::repository {

MemberTable::MemberTable(const PackagePool& pool, std::span<const PackageId> packages)
    : pool_(pool) {
    for (const PackageId id : packages) {
        members_[pool.name(id)].push_back(id);
    }
    for (const PackageId id : packages) {
        for (const Provide& provide : pool.provides(id)) {
            auto& members = members_[provide.name];
            if (std::find(members.begin(), members.end(), id) == members.end()) {
                members.push_back(id);
            }
        }
    }
}

std::span<const PackageId> MemberTable::members_for(NameId name) const {
    const auto found = members_.find(name);
    return found == members_.end() ? std::span<const PackageId>() : found->second;
}

PackageId MemberTable::satisfier(const Relation& relation) const {
    for (const PackageId id : members_for(relation.name)) {
        if (pool_.satisfies(id, relation)) {
            return id;
        }
    }
    return no_id;
}

namespace {

void check_relation(
    const PackagePool& pool,
    const MemberTable& members,
    const Relation& relation,
    PackageId owner,
    std::vector<std::string>& breaches
) {
    const std::string who = owner == no_id ? "the world" : pool.label(owner);
    if (!relation.is_conflict) {
        if (members.satisfier(relation) == no_id) {
            breaches.push_back(fmt::format(
                "{} needs {}, and nothing that was chosen provides it", who, relation.text
            ));
        }
        return;
    }
    for (const PackageId id : members.members_for(relation.name)) {
        const bool is_itself = owner != no_id && pool.name(id) == pool.name(owner);
        if (!is_itself && pool.satisfies(id, relation)) {
            breaches.push_back(
                fmt::format("{} does not go with {} ({})", who, pool.label(id), relation.text)
            );
        }
    }
}

/// A name that is provided with a version belongs to one package. Source: apk-format 6, "Provides /
/// solver".
void check_sole_providers(
    const PackagePool& pool,
    const MemberTable& members,
    PackageId id,
    std::vector<std::string>& breaches
) {
    for (const Provide& provide : pool.provides(id)) {
        if (provide.version.empty()) {
            continue;
        }
        for (const PackageId other : members.members_for(provide.name)) {
            if (pool.name(other) != pool.name(id)) {
                breaches.push_back(fmt::format(
                    "{} and {} cannot both stand for {}",
                    pool.label(id),
                    pool.label(other),
                    pool.names().text(provide.name)
                ));
            }
        }
    }
}

}  // namespace

std::vector<std::string> find_breaches(
    PackagePool& pool, std::span<const Relation> world, std::span<const PackageId> packages
) {
    const MemberTable members(pool, packages);
    std::vector<std::string> breaches;
    for (const Relation& relation : world) {
        check_relation(pool, members, relation, no_id, breaches);
    }
    std::vector<bool> is_seen(pool.names().size());
    for (const PackageId id : packages) {
        if (is_seen[pool.name(id)]) {
            breaches.push_back(fmt::format("{} is there in two versions", pool.package_name(id)));
        }
        is_seen[pool.name(id)] = true;
        for (const Relation& relation : pool.depends(id)) {
            check_relation(pool, members, relation, id, breaches);
        }
        check_sole_providers(pool, members, id, breaches);
    }
    return breaches;
}

namespace {

/// Depth first, with a stack of its own.
class InstallOrder {
 public:
    InstallOrder(PackagePool& pool, const MemberTable& members)
        : pool_(pool), members_(members), is_seen_(pool.size()) {}

    void add(PackageId top) {
        open(top);
        while (!stack_.empty()) {
            Frame& frame = stack_.back();
            if (frame.needs.empty()) {
                order_.push_back(frame.package);
                stack_.pop_back();
                continue;
            }
            const PackageId next = frame.needs.back();
            frame.needs.pop_back();
            open(next);
        }
    }
    std::vector<PackageId> take() { return std::move(order_); }

 private:
    struct Frame {
        PackageId package;
        std::vector<PackageId> needs;  ///< next one last
    };

    void open(PackageId id) {
        if (id == no_id || is_seen_[id]) {
            return;
        }
        is_seen_[id] = true;
        std::vector<const Relation*> relations;
        for (const Relation& relation : pool_.depends(id)) {
            if (!relation.is_conflict) {
                relations.push_back(&relation);
            }
        }
        std::sort(relations.begin(), relations.end(), [](const Relation* a, const Relation* b) {
            return a->text > b->text;
        });
        Frame frame{id, {}};
        for (const Relation* relation : relations) {
            frame.needs.push_back(members_.satisfier(*relation));
        }
        stack_.push_back(std::move(frame));
    }

    PackagePool& pool_;
    const MemberTable& members_;
    std::vector<bool> is_seen_;
    std::vector<PackageId> order_;
    std::vector<Frame> stack_;
};

}  // namespace

std::vector<PackageId> in_install_order(
    PackagePool& pool,
    std::span<const Relation> world,
    std::span<const PackageId> packages,
    std::span<const PackageId> extras
) {
    const MemberTable members(pool, packages);
    InstallOrder order(pool, members);
    for (const Relation& wanted : world) {
        order.add(wanted.is_conflict ? no_id : members.satisfier(wanted));
    }
    for (const PackageId extra : extras) {
        order.add(extra);
    }
    return order.take();
}

}  // namespace quern::repository
