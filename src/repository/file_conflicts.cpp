// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/file_conflicts.hpp"

#include "archive/tar_entry.hpp"
#include "quern/dependency.hpp"
#include "repository/package_pool.hpp"
#include "repository/resolution.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <utility>
#include <variant>

namespace quern::repository {

namespace {

/// Entries at the root that begin with '.' are not installed.
bool is_shared_by_none(const archive::TarEntry& entry) {
    return entry.type != archive::TarType::directory && !entry.path.starts_with('.');
}

std::set<std::string> read_paths(
    const std::filesystem::path& path, const apk::PackageLimits& limits
) {
    std::set<std::string> paths;
    const auto package = apk::PackageFile::open(path, limits);
    if (!package) {
        return paths;
    }
    // What cannot be read is a finding already.
    static_cast<void>(package->read_data(
        [&](const archive::TarEntry& entry, archive::TarReader&) -> Result<void> {
            if (is_shared_by_none(entry)) {
                paths.insert(entry.path);
            }
            return {};
        }
    ));
    return paths;
}

bool replaces(const PackageFiles& files, const apk::IndexEntry& other) {
    return std::any_of(files.replaces.begin(), files.replaces.end(), [&](const std::string& text) {
        const auto dependency = apk::Dependency::parse(text);
        return dependency && dependency->name == other.name &&
               (!dependency->has_version() || dependency->is_satisfied_by(other.version));
    });
}

using Pair = std::pair<PackageId, PackageId>;

bool may_share(const apk::IndexEntry& a, const apk::IndexEntry& b) {
    return a.name == b.name || (!a.origin.empty() && a.origin == b.origin);
}

/// Pairs of different recipes with a common hash, each ascending.
std::set<Pair> find_pairs(
    const std::vector<apk::IndexEntry>& entries, const std::vector<PackageFiles>& files
) {
    // Of more that bring one file the first are enough to say so.
    constexpr std::size_t most_owners = 200;
    std::vector<std::pair<std::uint64_t, PackageId>> all;
    for (PackageId id = 0; id < files.size(); ++id) {
        for (const std::uint64_t hash : files[id].paths) {
            all.emplace_back(hash, id);
        }
    }
    std::sort(all.begin(), all.end());
    std::set<Pair> pairs;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t end = std::min(all.size(), i + most_owners);
        for (std::size_t k = i + 1; k < end && all[k].first == all[i].first; ++k) {
            if (!may_share(entries[all[i].second], entries[all[k].second])) {
                pairs.emplace(all[i].second, all[k].second);
            }
        }
    }
    return pairs;
}

/// Whether a client could have both. What the repository lacks does not count against it.
bool fit_together(PackagePool& pool, const Pair& pair) {
    const std::vector<Relation> world{pool.exactly(pair.first), pool.exactly(pair.second)};
    const auto decision = decide_in(pool, world, {});
    const auto* refusal = decision ? std::get_if<Refusal>(&*decision) : nullptr;
    return refusal == nullptr ||
           std::any_of(refusal->reasons.begin(), refusal->reasons.end(), [](const Reason& reason) {
               return reason.rule == "nothing-provides";
           });
}

}  // namespace

void PackageFiles::add(const archive::TarEntry& entry) {
    if (is_shared_by_none(entry)) {
        paths.push_back(std::hash<std::string_view>()(entry.path));
    }
}

std::vector<Finding> find_file_conflicts(
    const std::filesystem::path& directory,
    const RepositoryIndex& index,
    const std::vector<PackageFiles>& files,
    const apk::PackageLimits& limits
) {
    const std::vector<apk::IndexEntry> entries = index.packages.to_index().entries;
    PackagePool pool(std::span(&index, 1));
    std::vector<Finding> findings;
    for (const Pair& pair : find_pairs(entries, files)) {
        const apk::IndexEntry& first = entries[pair.first];
        const apk::IndexEntry& second = entries[pair.second];
        if (replaces(files[pair.first], second) || replaces(files[pair.second], first) ||
            !fit_together(pool, pair)) {
            continue;
        }
        const auto ours = read_paths(directory / first.file_name(), limits);
        const auto theirs = read_paths(directory / second.file_name(), limits);
        std::vector<std::string> common;
        std::set_intersection(
            ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(common)
        );
        if (common.empty()) {
            continue;  // the hashes were equal by chance
        }
        const std::string more =
            common.size() == 1 ? "" : fmt::format(" and {} more files", common.size() - 1);
        findings.push_back(
            {"file-conflict",
             second.file_name(),
             fmt::format(
                 "{} brings /{}{} too, and neither replaces the other",
                 first.file_name(),
                 printable(common.front()),
                 more
             )}
        );
    }
    return findings;
}

}  // namespace quern::repository
