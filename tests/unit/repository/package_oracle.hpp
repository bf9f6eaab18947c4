// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"
#include "quern/repository.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quern::test {

/// What a sound set is, written a second time and plainly, to judge the resolver by. Shares with it
/// the index texts and the order of versions, nothing else. Knows no tags.
class PackageOracle {
 public:
    using Entries = std::vector<const apk::IndexEntry*>;

    explicit PackageOracle(std::span<const repository::RepositoryIndex> indexes);

    /// What is wrong with a set: broken dependencies and conflicts, two versions of a package, two
    /// packages for a name that one provides with a version.
    std::vector<std::string> breaches(const std::vector<std::string>& world, const Entries& set)
        const;

    /// Members that nothing needs, neither the world nor install_if.
    std::vector<std::string> superfluous(const std::vector<std::string>& world, const Entries& set)
        const;

    /// Whether there is a sound set, by trying everything, what has the fewest candidates first.
    /// Nothing if it is not known after `steps`.
    std::optional<bool> is_possible(const std::vector<std::string>& world, std::uint64_t steps)
        const;

    /// Packages in the order of the indexes.
    const Entries& all() const { return all_; }
    /// Its own record of a package that was chosen; nothing if there is none like it.
    const apk::IndexEntry* find(const apk::IndexEntry& chosen) const;

 private:
    struct Atom {
        std::string_view name, sign;
        std::string version;
        bool is_conflict = false;
    };
    static Atom parse(std::string_view text);
    static bool fits(const Atom& atom, std::string_view version);
    /// Versions with which a package stands for a name; "" is none.
    static std::vector<std::string> versions_for(
        const apk::IndexEntry& entry, std::string_view name
    );
    static bool satisfies(const apk::IndexEntry& entry, const Atom& atom);
    static bool exclude(const apk::IndexEntry& a, const apk::IndexEntry& b);
    using Members = std::set<const apk::IndexEntry*>;
    const Entries& with_name(std::string_view name) const;
    /// Members that do what a relation says, '!' not looked at.
    Entries doing(const std::string& text, const Members& members) const;
    void check(
        const apk::IndexEntry* owner,
        const std::string& text,
        const Members& members,
        std::vector<std::string>& wrong
    ) const;
    void check_beside(
        const apk::IndexEntry& entry, const Members& members, std::vector<std::string>& wrong
    ) const;
    Members needed_by(const std::vector<std::string>& world, const Members& members) const;
    bool search(
        std::vector<std::pair<const apk::IndexEntry*, std::string_view>>& needs,
        Entries& set,
        std::uint64_t& steps
    ) const;

    std::deque<apk::IndexEntry> entries_;
    Entries all_;
    std::unordered_map<std::string_view, Entries> by_name_;
};

}  // namespace quern::test
