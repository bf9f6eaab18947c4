// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/dependency.hpp"
#include "quern/repository.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::repository {

using NameId = std::uint32_t;
using PackageId = std::uint32_t;
constexpr std::uint32_t no_id = 0xffffffffU;

/// One dependency of a package or of the world, ready for comparing. Views lie in the index or in
/// the pool.
struct Relation {
    std::string_view text;  ///< as written
    NameId name = no_id;
    std::string_view version;  ///< empty: any version
    unsigned match = apk::Dependency::any;
    bool is_conflict = false;
    bool is_identity = false;
    std::string_view tag;

    bool has_constraint() const { return !version.empty(); }
    /// Whether a version fits; an empty or an invalid one fits only where nothing is asked.
    bool is_satisfied_by(std::string_view available) const;
};

/// A name that a package stands for beside its own.
struct Provide {
    NameId name = no_id;
    std::string_view version;  ///< empty: unversioned
};

/// Texts to small numbers. Open addressing: 25,000 names of a distribution in about a millisecond.
class NameTable {
 public:
    explicit NameTable(std::size_t expected);
    NameId intern(std::string_view text);  ///< `text` must live as long as the table
    NameId find(std::string_view text) const;
    std::string_view text(NameId id) const { return texts_[id]; }
    std::size_t size() const { return texts_.size(); }

 private:
    std::size_t place_of(std::string_view text) const;
    void grow();
    std::vector<NameId> slots_;
    std::vector<std::string_view> texts_;
};

/// All packages of some indexes, found by name and by what they provide. Made once for each
/// resolution; dependencies are parsed when they are asked for. The indexes must outlive it.
class PackagePool {
 public:
    /// `peers` are indexes of other architectures: see `missing_for`.
    explicit PackagePool(
        std::span<const RepositoryIndex> indexes, std::span<const RepositoryIndex> peers = {}
    );
    PackagePool(const PackagePool&) = delete;
    PackagePool& operator=(const PackagePool&) = delete;
    ~PackagePool() = default;

    std::size_t size() const { return packages_.size(); }
    const apk::IndexEntry& entry(PackageId id) const { return *packages_[id].entry; }
    NameId name(PackageId id) const { return packages_[id].name; }
    std::string_view tag(PackageId id) const { return indexes_[packages_[id].index].location.tag; }
    std::uint32_t index_number(PackageId id) const { return packages_[id].index; }
    std::string label(PackageId id) const;  ///< "name-version"
    /// The first peer architecture of which no index has the package in this version; empty if each
    /// has it. Such a package is never chosen: an image for several architectures holds the same
    /// packages on each. Source: image-and-resolver 3.8, step 0.
    std::string_view missing_for(PackageId id) const {
        return missing_for_.empty() ? std::string_view() : missing_for_[id];
    }
    std::span<const Provide> provides(PackageId id) const;
    std::span<const Relation> depends(PackageId id);
    const NameTable& names() const { return names_; }

    /// Packages of that name in the order of the indexes, then those that provide it; one that
    /// provides it twice stands here twice.
    std::span<const PackageId> candidates(NameId name) const;
    /// The version with which a package stands for `name`: its own, or that of its first provide;
    /// empty if unversioned.
    std::string_view version_for(PackageId id, NameId name) const;
    /// Whether the package provides `name` with a version, so that no other can stand for it too.
    bool is_sole_provider(PackageId id, NameId name) const;
    /// Whether the package, by its name or by what it provides, does what the relation (without
    /// '!') asks for.
    bool satisfies(PackageId id, const Relation& relation) const;

    Relation make_relation(const apk::Dependency& dependency);
    Relation parse_relation(std::string_view text);
    Relation exactly(PackageId id);  ///< "name=version"
    Selected select(PackageId id) const;
    /// Packages that have `token` in install_if, in the order of the indexes.
    std::span<const PackageId> triggered_by(std::string_view token) const;

 private:
    struct Package {
        const apk::IndexEntry* entry = nullptr;
        std::uint32_t index = 0;
        NameId name = no_id;
        std::uint32_t first_provide = 0;
        std::uint32_t end_provide = 0;
        std::uint32_t depends = no_id;  ///< place in `depends_` once they are parsed
    };
    void add_packages();
    void sort_candidates();
    void sort_triggers();
    void compare_with_peers(std::span<const RepositoryIndex> peers);
    /// The version as compared: a soname without a revision sorts below all that have one.
    std::string_view adjust(std::string_view whole, std::string_view version);

    std::span<const RepositoryIndex> indexes_;
    std::vector<Package> packages_;
    NameTable names_;
    std::vector<Provide> provides_;
    std::vector<std::uint32_t> first_candidate_;  ///< by name, one more than names
    std::vector<PackageId> candidates_;
    std::vector<std::pair<std::string_view, PackageId>> triggers_;  ///< sorted by token
    std::vector<PackageId> trigger_packages_;                       ///< beside triggers_
    std::vector<std::string_view> missing_for_;                     ///< empty without peers
    std::deque<std::vector<Relation>> depends_;
    std::deque<std::string> texts_;
};

}  // namespace quern::repository
