// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/repository/package_oracle.hpp"

#include "quern/version.hpp"

#include <algorithm>
#include <set>

namespace quern::test {

PackageOracle::Atom PackageOracle::parse(std::string_view text) {
    Atom atom;
    if (text.starts_with('!')) {
        atom.is_conflict = true;
        text.remove_prefix(1);
    }
    const std::size_t sign = std::min(text.find_first_of("<>=~"), text.size());
    const std::size_t version = std::min(text.find_first_not_of("<>=~", sign), text.size());
    atom.name = text.substr(0, sign);
    atom.sign = text.substr(sign, version - sign);
    atom.version = text.substr(version);
    // Source: image-and-resolver 3.7: a soname without a revision is below all that have one.
    const std::size_t revision = atom.version.rfind("-r");
    const bool has_revision =
        revision != std::string::npos && revision + 2 < atom.version.size() &&
        atom.version.find_first_not_of("0123456789", revision + 2) == std::string::npos;
    const bool has_equals = atom.sign == "=" || atom.sign == ">=" || atom.sign == "<=";
    if (atom.name.starts_with("so:") && has_equals && !has_revision) {
        atom.version = "0." + atom.version;
    }
    return atom;
}

bool PackageOracle::fits(const Atom& atom, std::string_view version) {
    static const std::set<std::string_view> known = {"=", "<", ">", "<=", ">=", "~", "=~"};
    if (!known.contains(atom.sign)) {
        return true;
    }
    if (!apk::is_valid_version(version) || !apk::is_valid_version(atom.version)) {
        return false;
    }
    if (atom.sign == "~" || atom.sign == "=~") {
        return apk::matches_fuzzily(version, atom.version);
    }
    const auto order = apk::compare_versions(version, atom.version);
    return (order == 0 && atom.sign.ends_with('=')) || (order < 0 && atom.sign.starts_with('<')) ||
           (order > 0 && atom.sign.starts_with('>'));
}

std::vector<std::string> PackageOracle::versions_for(
    const apk::IndexEntry& entry, std::string_view name
) {
    std::vector<std::string> versions;
    if (entry.name == name) {
        versions.push_back(entry.version);
    }
    for (const std::string& text : entry.provides) {
        const Atom provide = parse(text);
        if (provide.name == name) {
            versions.push_back(provide.version);
        }
    }
    return versions;
}

bool PackageOracle::satisfies(const apk::IndexEntry& entry, const Atom& atom) {
    const auto versions = versions_for(entry, atom.name);
    return std::any_of(versions.begin(), versions.end(), [&atom](const std::string& version) {
        return fits(atom, version);
    });
}

bool PackageOracle::exclude(const apk::IndexEntry& a, const apk::IndexEntry& b) {
    if (a.name == b.name) {
        return true;
    }
    for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        for (const std::string& text : one->depends) {
            const Atom atom = parse(text);
            if (atom.is_conflict && satisfies(*other, atom)) {
                return true;
            }
        }
        for (const std::string& text : one->provides) {
            const Atom provide = parse(text);
            if (!provide.version.empty() && !versions_for(*other, provide.name).empty()) {
                return true;
            }
        }
    }
    return false;
}

PackageOracle::PackageOracle(std::span<const repository::RepositoryIndex> indexes) {
    for (const repository::RepositoryIndex& index : indexes) {
        for (apk::IndexEntry& entry : index.packages.to_index().entries) {
            all_.push_back(&entries_.emplace_back(std::move(entry)));
        }
    }
    for (const apk::IndexEntry* entry : all_) {
        by_name_[entry->name].push_back(entry);
        for (const std::string& text : entry->provides) {
            Entries& entries = by_name_[parse(text).name];
            if (std::find(entries.begin(), entries.end(), entry) == entries.end()) {
                entries.push_back(entry);
            }
        }
    }
}

const apk::IndexEntry* PackageOracle::find(const apk::IndexEntry& chosen) const {
    const std::string text = chosen.to_string();
    const Entries& named = with_name(chosen.name);
    const auto found = std::find_if(named.begin(), named.end(), [&](const apk::IndexEntry* entry) {
        return entry->to_string() == text;
    });
    return found == named.end() ? nullptr : *found;
}

const PackageOracle::Entries& PackageOracle::with_name(std::string_view name) const {
    static const Entries none;
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? none : found->second;
}

std::vector<std::string> PackageOracle::breaches(
    const std::vector<std::string>& world, const Entries& set
) const {
    const Members members(set.begin(), set.end());
    std::vector<std::string> wrong;
    for (const std::string& text : world) {
        check(nullptr, text, members, wrong);
    }
    for (const apk::IndexEntry* entry : set) {
        for (const std::string& text : entry->depends) {
            check(entry, text, members, wrong);
        }
        check_beside(*entry, members, wrong);
    }
    return wrong;
}

std::vector<std::string> PackageOracle::superfluous(
    const std::vector<std::string>& world, const Entries& set
) const {
    const Members needed = needed_by(world, Members(set.begin(), set.end()));
    std::vector<std::string> names;
    for (const apk::IndexEntry* entry : set) {
        if (!needed.contains(entry)) {
            names.push_back(entry->file_name());
        }
    }
    return names;
}

PackageOracle::Entries PackageOracle::doing(const std::string& text, const Members& members) const {
    const Atom atom = parse(text);
    Entries found;
    for (const apk::IndexEntry* entry : with_name(atom.name)) {
        if (members.contains(entry) && satisfies(*entry, atom)) {
            found.push_back(entry);
        }
    }
    return found;
}

void PackageOracle::check(
    const apk::IndexEntry* owner,
    const std::string& text,
    const Members& members,
    std::vector<std::string>& wrong
) const {
    const Entries found = doing(text, members);
    if (!text.starts_with('!')) {
        if (found.empty()) {
            wrong.push_back((owner == nullptr ? "world" : owner->file_name()) + " lacks " + text);
        }
        return;
    }
    for (const apk::IndexEntry* entry : found) {
        if (owner == nullptr || owner->name != entry->name) {
            wrong.push_back(text + " against " + entry->file_name());
        }
    }
}

void PackageOracle::check_beside(
    const apk::IndexEntry& entry, const Members& members, std::vector<std::string>& wrong
) const {
    Members near;
    const auto look_at = [&](std::string_view name) {
        for (const apk::IndexEntry* other : with_name(name)) {
            const bool is_new =
                other != &entry && members.contains(other) && near.insert(other).second;
            if (is_new && exclude(entry, *other)) {
                wrong.push_back(entry.file_name() + " beside " + other->file_name());
            }
        }
    };
    look_at(entry.name);
    for (const std::string& text : entry.provides) {
        look_at(parse(text).name);
    }
}

/// What the world leads to, and what install_if does.
PackageOracle::Members PackageOracle::needed_by(
    const std::vector<std::string>& world, const Members& members
) const {
    Members needed;
    Entries agenda;
    const auto need = [&](const std::vector<std::string>& relations) {
        for (const std::string& text : relations) {
            if (text.starts_with('!')) {
                continue;
            }
            for (const apk::IndexEntry* entry : doing(text, members)) {
                if (needed.insert(entry).second) {
                    agenda.push_back(entry);
                }
            }
        }
    };
    need(world);
    for (const apk::IndexEntry* entry : members) {
        const auto& tokens = entry->install_if;
        const bool is_triggered =
            !tokens.empty() &&
            std::all_of(tokens.begin(), tokens.end(), [&](const std::string& token) {
                return !doing(token, members).empty();
            });
        if (is_triggered && needed.insert(entry).second) {
            agenda.push_back(entry);
        }
    }
    while (!agenda.empty()) {
        const apk::IndexEntry* entry = agenda.back();
        agenda.pop_back();
        need(entry->depends);
    }
    return needed;
}

bool PackageOracle::search(
    std::vector<std::pair<const apk::IndexEntry*, std::string_view>>& needs,
    Entries& set,
    std::uint64_t& steps
) const {
    if (steps == 0) {
        return true;
    }
    --steps;
    // Candidates that are not excluded yet of each need that is open.
    std::optional<Entries> fewest;
    for (const auto& [owner, text] : needs) {
        const Atom atom = parse(text);
        const auto does = [&atom](const apk::IndexEntry* entry) { return satisfies(*entry, atom); };
        if (std::any_of(set.begin(), set.end(), does)) {
            continue;
        }
        Entries candidates;
        for (const apk::IndexEntry* entry : with_name(atom.name)) {
            const bool is_free = std::none_of(set.begin(), set.end(), [&](const auto* other) {
                return exclude(*entry, *other);
            });
            if (is_free && does(entry)) {
                candidates.push_back(entry);
            }
        }
        if (!fewest || candidates.size() < fewest->size()) {
            fewest = std::move(candidates);
        }
        if (fewest->empty()) {
            return false;
        }
    }
    if (!fewest) {
        return true;
    }
    for (const apk::IndexEntry* entry : *fewest) {
        const std::size_t before = needs.size();
        for (const std::string& text : entry->depends) {
            if (!text.starts_with('!')) {
                needs.emplace_back(entry, text);
            }
        }
        set.push_back(entry);
        const bool found = search(needs, set, steps);
        set.pop_back();
        needs.resize(before);
        if (found) {
            return true;
        }
    }
    return false;
}

std::optional<bool> PackageOracle::is_possible(
    const std::vector<std::string>& world, std::uint64_t steps
) const {
    std::vector<std::pair<const apk::IndexEntry*, std::string_view>> needs;
    // What the world excludes is something that all others exclude.
    apk::IndexEntry the_world;
    for (const std::string& text : world) {
        if (text.starts_with('!')) {
            the_world.depends.push_back(text);
        } else {
            needs.emplace_back(nullptr, text);
        }
    }
    Entries set{&the_world};
    const bool found = search(needs, set, steps);
    return steps == 0 ? std::nullopt : std::optional(found);
}

}  // namespace quern::test
