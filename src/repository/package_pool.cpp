// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_pool.hpp"

#include "quern/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::string_view operator_bytes = "=<>~";

std::size_t count_packages(std::span<const RepositoryIndex> indexes) {
    std::size_t count = 0;
    for (const RepositoryIndex& index : indexes) {
        count += index.index->entries.size();
    }
    return count;
}

/// "-r" and digits at the end.
bool has_revision(std::string_view version) {
    const std::size_t digits = version.find_last_not_of("0123456789");
    return digits != std::string_view::npos && digits + 1 < version.size() && digits >= 1 &&
           version.substr(digits - 1, 2) == "-r";
}

/// Bits of an operator; `any` for one that is unknown. Source: image-and-resolver 3.7.
unsigned match_of(std::string_view sign) {
    using D = apk::Dependency;
    unsigned match = 0;
    for (const char c : sign) {
        match |= c == '='   ? D::equal
                 : c == '<' ? D::less
                 : c == '>' ? D::greater
                            : D::fuzzy | D::equal;
    }
    const bool is_known = sign.size() == 1 ||
                          (sign.size() == 2 && sign[0] != sign[1] && sign != "><" && sign != "<>");
    return is_known ? match : unsigned{D::any};
}

bool has_equals_sign(const Relation& relation) {
    using D = apk::Dependency;
    return !relation.is_identity && relation.match != D::any &&
           (relation.match & (D::equal | D::fuzzy)) == D::equal;
}

}  // namespace

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

NameTable::NameTable(std::size_t expected) {
    std::size_t slots = 64;
    while (slots < expected * 2) {
        slots *= 2;
    }
    slots_.assign(slots, no_id);
    texts_.reserve(expected);
}

std::size_t NameTable::place_of(std::string_view text) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = std::hash<std::string_view>()(text) & mask;
    while (slots_[place] != no_id && texts_[slots_[place]] != text) {
        place = (place + 1) & mask;
    }
    return place;
}

void NameTable::grow() {
    slots_.assign(slots_.size() * 2, no_id);
    for (NameId id = 0; id < texts_.size(); ++id) {
        slots_[place_of(texts_[id])] = id;
    }
}

NameId NameTable::intern(std::string_view text) {
    if (texts_.size() * 2 >= slots_.size()) {
        grow();
    }
    const std::size_t place = place_of(text);
    if (slots_[place] == no_id) {
        slots_[place] = static_cast<NameId>(texts_.size());
        texts_.push_back(text);
    }
    return slots_[place];
}

NameId NameTable::find(std::string_view text) const {
    return slots_[place_of(text)];
}

PackagePool::PackagePool(
    std::span<const RepositoryIndex> indexes, std::span<const RepositoryIndex> peers
)
    : indexes_(indexes), names_(count_packages(indexes) * 4) {
    add_packages();
    sort_candidates();
    sort_triggers();
    if (!peers.empty()) {
        compare_with_peers(peers);
    }
}

void PackagePool::compare_with_peers(std::span<const RepositoryIndex> peers) {
    missing_for_.resize(packages_.size());
    std::map<std::string_view, std::set<std::pair<std::string_view, std::string_view>>> offered;
    for (const RepositoryIndex& peer : peers) {
        auto& versions = offered[peer.architecture];
        for (const apk::IndexEntry& entry : peer.index->entries) {
            versions.emplace(entry.name, entry.version);
        }
    }
    for (PackageId id = 0; id < packages_.size(); ++id) {
        for (const auto& [architecture, versions] : offered) {
            if (!versions.contains({entry(id).name, entry(id).version})) {
                missing_for_[id] = architecture;
                break;
            }
        }
    }
}

void PackagePool::add_packages() {
    packages_.reserve(count_packages(indexes_));
    for (std::uint32_t number = 0; number < indexes_.size(); ++number) {
        for (const apk::IndexEntry& entry : indexes_[number].index->entries) {
            Package package;
            package.entry = &entry;
            package.index = number;
            package.name = names_.intern(entry.name);
            package.first_provide = static_cast<std::uint32_t>(provides_.size());
            for (const std::string& text : entry.provides) {
                const Relation provide = parse_relation(text);
                provides_.push_back({provide.name, provide.version});
            }
            package.end_provide = static_cast<std::uint32_t>(provides_.size());
            packages_.push_back(package);
        }
    }
}

/// Counts, then places: no vector for each of many thousand names.
void PackagePool::sort_candidates() {
    std::vector<std::pair<NameId, PackageId>> pairs;
    pairs.reserve(packages_.size() + provides_.size());
    for (PackageId id = 0; id < packages_.size(); ++id) {
        pairs.emplace_back(packages_[id].name, id);
    }
    for (PackageId id = 0; id < packages_.size(); ++id) {
        for (const Provide& provide : provides(id)) {
            pairs.emplace_back(provide.name, id);
        }
    }
    first_candidate_.assign(names_.size() + 1, 0);
    for (const auto& pair : pairs) {
        ++first_candidate_[pair.first + 1];
    }
    for (std::size_t i = 1; i < first_candidate_.size(); ++i) {
        first_candidate_[i] += first_candidate_[i - 1];
    }
    std::vector<std::uint32_t> next(first_candidate_.begin(), first_candidate_.end() - 1);
    candidates_.resize(pairs.size());
    for (const auto& [name, id] : pairs) {
        candidates_[next[name]++] = id;
    }
}

void PackagePool::sort_triggers() {
    for (PackageId id = 0; id < packages_.size(); ++id) {
        for (const std::string& token : entry(id).install_if) {
            triggers_.emplace_back(token, id);
        }
    }
    std::sort(triggers_.begin(), triggers_.end());
    for (const auto& trigger : triggers_) {
        trigger_packages_.push_back(trigger.second);
    }
}

std::string PackagePool::label(PackageId id) const {
    return fmt::format("{}-{}", entry(id).name, entry(id).version);
}

std::span<const Provide> PackagePool::provides(PackageId id) const {
    const Package& package = packages_[id];
    return std::span(provides_).subspan(
        package.first_provide, package.end_provide - package.first_provide
    );
}

std::span<const Relation> PackagePool::depends(PackageId id) {
    if (packages_[id].depends == no_id) {
        packages_[id].depends = static_cast<std::uint32_t>(depends_.size());
        std::vector<Relation>& relations = depends_.emplace_back();
        for (const std::string& text : entry(id).depends) {
            relations.push_back(parse_relation(text));
        }
    }
    return depends_[packages_[id].depends];
}

std::span<const PackageId> PackagePool::candidates(NameId name) const {
    if (name + std::size_t{1} >= first_candidate_.size()) {
        return {};
    }
    return std::span(candidates_)
        .subspan(first_candidate_[name], first_candidate_[name + 1] - first_candidate_[name]);
}

std::string_view PackagePool::version_for(PackageId id, NameId name) const {
    if (packages_[id].name == name) {
        return entry(id).version;
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
    if (packages_[id].name == relation.name) {
        const std::string& own = relation.is_identity ? entry(id).checksum : entry(id).version;
        if (relation.is_satisfied_by(own)) {
            return true;
        }
    }
    const auto all = provides(id);
    return std::any_of(all.begin(), all.end(), [&relation](const Provide& provide) {
        return provide.name == relation.name && relation.is_satisfied_by(provide.version);
    });
}

std::string_view PackagePool::adjust(std::string_view whole, std::string_view version) {
    // Source: image-and-resolver 3.7, the rule for "so:".
    if (!whole.starts_with("so:") || version.empty() || has_revision(version)) {
        return version;
    }
    return texts_.emplace_back("0." + std::string(version));
}

Relation PackagePool::parse_relation(std::string_view text) {
    Relation relation;
    relation.text = text;
    if (text.starts_with('!')) {
        relation.is_conflict = true;
        text.remove_prefix(1);
    }
    const std::size_t end = std::min(text.find_first_of(operator_bytes), text.size());
    relation.name = names_.intern(text.substr(0, end));
    const std::string_view rest = text.substr(end);
    const std::size_t length = std::min(rest.find_first_not_of(operator_bytes), rest.size());
    relation.is_identity = rest.substr(0, length) == "><";
    relation.match = match_of(rest.substr(0, length));
    relation.version = rest.substr(length);
    if (has_equals_sign(relation)) {
        relation.version = adjust(text, relation.version);
    }
    return relation;
}

Relation PackagePool::make_relation(const apk::Dependency& dependency) {
    const std::string& text = texts_.emplace_back(dependency.to_string());
    Relation relation;
    relation.text = text;
    relation.name = names_.intern(texts_.emplace_back(dependency.name));
    relation.version = texts_.emplace_back(dependency.version);
    relation.match = dependency.match;
    relation.is_conflict = dependency.is_conflict;
    relation.is_identity = dependency.is_identity;
    relation.tag = texts_.emplace_back(dependency.tag);
    if (has_equals_sign(relation)) {
        relation.version = adjust(dependency.name, relation.version);
    }
    return relation;
}

Relation PackagePool::exactly(PackageId id) {
    return parse_relation(
        texts_.emplace_back(fmt::format("{}={}", entry(id).name, entry(id).version))
    );
}

Selected PackagePool::select(PackageId id) const {
    const RepositoryIndex& index = indexes_[packages_[id].index];
    return {index.index, packages_[id].entry, index.location, index.architecture};
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
