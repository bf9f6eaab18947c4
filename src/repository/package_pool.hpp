// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/name_table.hpp"
#include "quern/dependency.hpp"
#include "quern/repository.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quern::repository {

using apk::NameId;
using apk::no_id;
using PackageId = std::uint32_t;

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
    std::string_view version;  ///< as it is compared; empty: unversioned
};

/// Names by number: those of one table with its numbers, then all others.
class PoolNames {
 public:
    PoolNames() : PoolNames(nullptr) {}
    explicit PoolNames(const apk::IndexTable* base)
        : base_(base), base_count_(base == nullptr ? 0 : base->name_count()), more_(0) {}

    NameId intern(std::string_view text) { return intern(text, apk::hash_of_name(text)); }
    NameId intern(std::string_view text, std::uint32_t hash);  ///< `text` must live as long
    NameId find(std::string_view text) const;
    std::string_view text(NameId id) const;
    std::uint32_t hash(NameId id) const;
    std::size_t size() const { return base_count_ + more_.size(); }

 private:
    const apk::IndexTable* base_;
    std::size_t base_count_;
    apk::NameTable more_;
};

/// Goes through what a range makes while it is looked at: `range[i]`. The range is a few pointers,
/// and is kept by value.
template <typename Range>
class RangeIterator {
 public:
    using iterator_category = std::input_iterator_tag;
    using value_type = typename Range::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    RangeIterator(const Range& range, std::size_t place) : range_(range), place_(place) {}
    value_type operator*() const { return range_[place_]; }
    RangeIterator& operator++() {
        ++place_;
        return *this;
    }
    bool operator==(const RangeIterator& other) const { return place_ == other.place_; }

 private:
    Range range_;
    std::size_t place_;
};

/// Some packages by their numbers in one index, or by ids.
class PackageRange {
 public:
    using value_type = PackageId;

    PackageRange() = default;
    /// `first` is the id of number 0.
    explicit PackageRange(std::span<const std::uint32_t> numbers, PackageId first = 0)
        : numbers_(numbers), first_(first) {}
    bool empty() const { return numbers_.empty(); }
    PackageId operator[](std::size_t i) const { return first_ + numbers_[i]; }
    PackageId front() const { return (*this)[0]; }
    RangeIterator<PackageRange> begin() const { return {*this, 0}; }
    RangeIterator<PackageRange> end() const { return {*this, numbers_.size()}; }

 private:
    std::span<const std::uint32_t> numbers_;
    PackageId first_ = 0;
};

/// What one package provides, made while it is looked at.
class ProvideRange {
 public:
    using value_type = Provide;

    /// `ids` are the names of the table by number; none: the numbers themselves.
    ProvideRange(
        const apk::IndexTable& table,
        std::span<const NameId> ids,
        std::pair<std::size_t, std::size_t> numbers
    )
        : table_(&table), ids_(ids), numbers_(numbers) {}
    Provide operator[](std::size_t number) const;  ///< by its number in the table
    RangeIterator<ProvideRange> begin() const { return {*this, numbers_.first}; }
    RangeIterator<ProvideRange> end() const { return {*this, numbers_.second}; }

 private:
    const apk::IndexTable* table_;
    std::span<const NameId> ids_;
    std::pair<std::size_t, std::size_t> numbers_;
};

/// All packages of some indexes, found by name and by what they provide. Made once for each
/// resolution, which costs next to nothing for one index and little for small ones beside a large
/// one: the tables are looked into as they are, dependencies are parsed when they are asked for.
/// The indexes must outlive it. One thread.
class PackagePool {
 public:
    /// `peers` are indexes of other architectures: see `missing_for`.
    explicit PackagePool(
        std::span<const RepositoryIndex> indexes, std::span<const RepositoryIndex> peers = {}
    );
    PackagePool(const PackagePool&) = delete;
    PackagePool& operator=(const PackagePool&) = delete;
    ~PackagePool() = default;

    std::size_t size() const { return depends_place_.size(); }
    NameId name(PackageId id) const;
    std::string_view package_name(PackageId id) const { return names_.text(name(id)); }
    std::string_view version(PackageId id) const;
    apk::IndexRow row(PackageId id) const;
    apk::IndexEntry entry(PackageId id) const;  ///< made anew from the text of the index
    std::string_view tag(PackageId id) const { return indexes_[index_number(id)].location.tag; }
    std::size_t index_number(PackageId id) const;
    std::string label(PackageId id) const;  ///< "name-version"
    /// The first peer architecture of which no index has the package in this version; empty if each
    /// has it. Such a package is never chosen: an image for several architectures holds the same
    /// packages on each. Source: image-and-resolver 3.8, step 0.
    std::string_view missing_for(PackageId id) const {
        return missing_for_.empty() ? std::string_view() : missing_for_[id];
    }
    ProvideRange provides(PackageId id) const;
    std::span<const Relation> depends(PackageId id);
    const PoolNames& names() const { return names_; }

    /// Packages of that name in the order of the indexes, then those that provide it; one that
    /// provides it twice stands here twice.
    PackageRange candidates(NameId name) const;
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
    /// One index among all.
    struct Part {
        const apk::IndexTable* table = nullptr;
        PackageId first = 0;      ///< id of its first package
        std::vector<NameId> ids;  ///< of its names; none for the base, whose numbers are the ids
    };
    const Part& part_of(PackageId id) const { return parts_[index_number(id)]; }
    const Part& base() const { return parts_[base_]; }
    void add_parts();
    std::vector<PackageId> merge_candidates(NameId name) const;
    void sort_triggers();
    void compare_with_peers(std::span<const RepositoryIndex> peers);
    /// The version of a relation as it is compared.
    std::string_view compared_version(const apk::RelationParts& parts);

    std::span<const RepositoryIndex> indexes_;
    std::vector<Part> parts_;
    std::size_t base_ = 0;  ///< number of the largest index
    PoolNames names_;
    /// Where there is more than one index: candidates that were asked for.
    mutable std::unordered_map<NameId, std::vector<PackageId>> merged_;
    std::vector<std::pair<std::string_view, PackageId>> triggers_;  ///< sorted by token
    std::vector<PackageId> trigger_packages_;                       ///< beside triggers_
    std::vector<std::string_view> missing_for_;                     ///< empty without peers
    std::vector<std::uint32_t> depends_place_;  ///< in depends_ by package, once they are parsed
    std::deque<std::vector<Relation>> depends_;
    std::deque<std::string> texts_;
};

}  // namespace quern::repository
