// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_pool.hpp"

#include "quern/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace quern::repository {

bool Relation::is_satisfied_by(std::string_view available) const {
    using D = apk::Dependency;
    if (!has_constraint()) {
        return true;
    }
    if (is_identity) {
        return available == version;
    }
    if (match == D::any) {
        return true;
    }
    if (!apk::is_valid_version(available) || !apk::is_valid_version(version)) {
        return false;
    }
    const auto order = (match & D::fuzzy) != 0 ? apk::compare_versions_fuzzily(available, version)
                                               : apk::compare_versions(available, version);
    const unsigned relation = order < 0 ? D::less : order > 0 ? D::greater : D::equal;
    return (match & relation) != 0;
}

NameId PoolNames::intern(std::string_view text, std::uint32_t hash) {
    if (base_ != nullptr) {
        if (const auto number = base_->find_name(text, hash)) {
            return *number;
        }
    }
    return static_cast<NameId>(base_count_ + more_.intern(text, hash));
}

NameId PoolNames::find(std::string_view text) const {
    if (base_ != nullptr) {
        if (const auto number = base_->find_name(text, apk::hash_of_name(text))) {
            return *number;
        }
    }
    const NameId more = more_.find(text);
    return more == no_id ? no_id : static_cast<NameId>(base_count_ + more);
}

std::string_view PoolNames::text(NameId id) const {
    return id < base_count_ ? base_->name(id).text
                            : more_.text(static_cast<NameId>(id - base_count_));
}

std::uint32_t PoolNames::hash(NameId id) const {
    return id < base_count_ ? base_->name(id).hash
                            : more_.hash(static_cast<NameId>(id - base_count_));
}

Provide ProvideRange::operator[](std::size_t number) const {
    const apk::IndexTable::Provided provided = table_->provided(number);
    return {ids_.empty() ? provided.name_number : ids_[provided.name_number], provided.version};
}

PackagePool::PackagePool(
    std::span<const RepositoryIndex> indexes, std::span<const RepositoryIndex> peers
)
    : indexes_(indexes) {
    add_parts();
    sort_triggers();
    if (!peers.empty()) {
        compare_with_peers(peers);
    }
}

void PackagePool::compare_with_peers(std::span<const RepositoryIndex> peers) {
    missing_for_.resize(size());
    std::map<std::string_view, std::set<std::pair<std::string_view, std::string_view>>> offered;
    for (const RepositoryIndex& peer : peers) {
        auto& versions = offered[peer.architecture];
        for (std::size_t i = 0; i < peer.packages.size(); ++i) {
            const apk::IndexRow row = peer.packages.row(i);
            versions.emplace(row.name, row.version);
        }
    }
    for (PackageId id = 0; id < size(); ++id) {
        for (const auto& [architecture, versions] : offered) {
            if (!versions.contains({package_name(id), version(id)})) {
                missing_for_[id] = architecture;
                break;
            }
        }
    }
}

void PackagePool::add_parts() {
    PackageId first = 0;
    for (const RepositoryIndex& index : indexes_) {
        parts_.push_back({&index.packages, first, {}});
        first += static_cast<PackageId>(index.packages.size());
        if (index.packages.size() > base().table->size()) {
            base_ = parts_.size() - 1;
        }
    }
    depends_place_.assign(first, no_id);
    names_ = PoolNames(parts_.empty() ? nullptr : base().table);
    for (Part& part : parts_) {
        if (&part == &base()) {
            continue;
        }
        part.ids.reserve(part.table->name_count());
        for (std::size_t i = 0; i < part.table->name_count(); ++i) {
            const apk::IndexTable::Name name = part.table->name(i);
            part.ids.push_back(names_.intern(name.text, name.hash));
        }
    }
}

std::size_t PackagePool::index_number(PackageId id) const {
    std::size_t number = parts_.size() - 1;
    while (parts_[number].first > id) {
        --number;
    }
    return number;
}

NameId PackagePool::name(PackageId id) const {
    const Part& part = part_of(id);
    const std::uint32_t number = part.table->name_number(id - part.first);
    return part.ids.empty() ? number : part.ids[number];
}

std::string_view PackagePool::version(PackageId id) const {
    const Part& part = part_of(id);
    return part.table->version(id - part.first);
}

apk::IndexRow PackagePool::row(PackageId id) const {
    const Part& part = part_of(id);
    return part.table->row(id - part.first);
}

apk::IndexEntry PackagePool::entry(PackageId id) const {
    const Part& part = part_of(id);
    return part.table->entry(id - part.first);
}

std::vector<PackageId> PackagePool::merge_candidates(NameId name) const {
    std::vector<PackageId> own;
    std::vector<PackageId> providers;
    for (const Part& part : parts_) {
        const auto number = part.table->find_name(names_.text(name), names_.hash(name));
        if (!number) {
            continue;
        }
        for (const std::uint32_t package : part.table->candidates(*number)) {
            const bool is_own = part.table->name_number(package) == *number;
            // One that provides its own name stands for it a second time.
            const PackageId id = part.first + package;
            const bool is_again = is_own && !own.empty() && own.back() >= id;
            (is_own && !is_again ? own : providers).push_back(id);
        }
    }
    own.insert(own.end(), providers.begin(), providers.end());
    return own;
}

void PackagePool::sort_triggers() {
    for (PackageId id = 0; id < size(); ++id) {
        for (const std::string_view token : apk::split_relation_words(row(id).install_if)) {
            triggers_.emplace_back(token, id);
        }
    }
    std::sort(triggers_.begin(), triggers_.end());
    for (const auto& trigger : triggers_) {
        trigger_packages_.push_back(trigger.second);
    }
}

std::string PackagePool::label(PackageId id) const {
    return fmt::format("{}-{}", package_name(id), version(id));
}

ProvideRange PackagePool::provides(PackageId id) const {
    const Part& part = part_of(id);
    return {*part.table, part.ids, part.table->provided_range(id - part.first)};
}

std::span<const Relation> PackagePool::depends(PackageId id) {
    if (depends_place_[id] == no_id) {
        depends_place_[id] = static_cast<std::uint32_t>(depends_.size());
        std::vector<Relation>& relations = depends_.emplace_back();
        for (const std::string_view text : apk::split_relation_words(row(id).depends)) {
            relations.push_back(parse_relation(text));
        }
    }
    return depends_[depends_place_[id]];
}

PackageRange PackagePool::candidates(NameId name) const {
    if (parts_.size() == 1) {
        const apk::IndexTable& table = *base().table;
        return name < table.name_count() ? PackageRange(table.candidates(name)) : PackageRange();
    }
    if (name >= names_.size()) {
        return {};
    }
    const auto [found, is_new] = merged_.try_emplace(name);
    if (is_new) {
        found->second = merge_candidates(name);
    }
    return PackageRange(found->second);
}

std::string_view PackagePool::version_for(PackageId id, NameId name) const {
    if (this->name(id) == name) {
        return version(id);
    }
    for (const Provide& provide : provides(id)) {
        if (provide.name == name) {
            return provide.version;
        }
    }
    return {};
}

bool PackagePool::is_sole_provider(PackageId id, NameId name) const {
    const auto all = provides(id);
    return std::any_of(all.begin(), all.end(), [name](const Provide& provide) {
        return provide.name == name && !provide.version.empty();
    });
}

bool PackagePool::satisfies(PackageId id, const Relation& relation) const {
    if (name(id) == relation.name) {
        if (relation.is_identity ? relation.is_satisfied_by(entry(id).checksum)
                                 : relation.is_satisfied_by(version(id))) {
            return true;
        }
    }
    const auto all = provides(id);
    return std::any_of(all.begin(), all.end(), [&relation](const Provide& provide) {
        return provide.name == relation.name && relation.is_satisfied_by(provide.version);
    });
}

std::string_view PackagePool::compared_version(const apk::RelationParts& parts) {
    return parts.is_bare_soname() ? texts_.emplace_back("0." + std::string(parts.version))
                                  : parts.version;
}

Relation PackagePool::parse_relation(std::string_view text) {
    const apk::RelationParts parts = apk::RelationParts::split(text);
    Relation relation;
    relation.text = text;
    relation.name = names_.intern(parts.name);
    relation.version = compared_version(parts);
    relation.match = parts.match();
    relation.is_conflict = parts.is_conflict;
    relation.is_identity = parts.is_identity();
    return relation;
}

Relation PackagePool::make_relation(const apk::Dependency& dependency) {
    apk::Dependency without_tag = dependency;
    without_tag.tag.clear();
    Relation relation = parse_relation(texts_.emplace_back(without_tag.to_string()));
    relation.text = texts_.emplace_back(dependency.to_string());
    relation.tag = texts_.emplace_back(dependency.tag);
    return relation;
}

Relation PackagePool::exactly(PackageId id) {
    return parse_relation(texts_.emplace_back(fmt::format("{}={}", package_name(id), version(id))));
}

Selected PackagePool::select(PackageId id) const {
    const RepositoryIndex& index = indexes_[index_number(id)];
    return {std::make_shared<const apk::IndexEntry>(entry(id)), index.location, index.architecture};
}

std::span<const PackageId> PackagePool::triggered_by(std::string_view token) const {
    const auto order = [](const auto& a, const auto& b) { return a.first < b.first; };
    const auto range =
        std::equal_range(triggers_.begin(), triggers_.end(), std::pair(token, PackageId{0}), order);
    const auto first = static_cast<std::size_t>(range.first - triggers_.begin());
    return std::span(trigger_packages_)
        .subspan(first, static_cast<std::size_t>(range.second - range.first));
}

}  // namespace quern::repository
