// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Three kinds of content. Files that are checked when they are read, or whose loss costs nothing:
// they may go at any time, and who has one open keeps it. Trees with a lock each: roots, mirrors of
// git, caches of languages. Stores with one lock: layers of steps, and what makes seeds.

#include "cli/cache_areas.hpp"

#include "build/snapshots.hpp"
#include "rootfs/layer_cache.hpp"
#include "support/cache_directory.hpp"
#include "support/file_tree.hpp"
#include "support/handle.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <system_error>
#include <utility>

namespace quern::cli {
namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr std::array<std::string_view, 9> folders_of_files = {
    "content",
    "downloads",
    "image/layers",
    "indexes/indexes",
    "indexes/tables",
    "keys",
    "logs",
    "packages",
    "published"};

constexpr std::array<std::string_view, 6> folders_with_locks = {
    "git", "languages", "roots", "seed", "snapshots", "workspaces"};

constexpr std::array<std::string_view, 4> other_folders = {"failed", "image", "indexes", "runner"};

/// What a build that was killed leaves in the cache itself.
constexpr std::string_view changes_prefix = "changes-";

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Sorted; what cannot be listed is empty.
Paths folders_in(const std::filesystem::path& directory) {
    Paths folders;
    std::error_code failure;
    for (std::filesystem::directory_iterator i(directory, failure), end; !failure && i != end;
         i.increment(failure)) {
        const std::string name = i->path().filename().string();
        if (!name.starts_with('.') && i->is_directory(failure) && !i->is_symlink(failure)) {
            folders.push_back(i->path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

std::vector<CacheTree> mirrors_in(const std::filesystem::path& directory) {
    std::vector<CacheTree> trees;
    for (const std::filesystem::path& folder : folders_in(directory)) {
        std::filesystem::path lock = folder;
        trees.push_back({folder, lock.replace_extension(".lock")});
    }
    return trees;
}

void add_caches(const std::filesystem::path& directory, std::vector<CacheTree>& trees) {
    for (const std::filesystem::path& folder : folders_in(directory)) {
        trees.push_back({folder, directory / ("." + folder.filename().string() + ".lock")});
    }
}

// languages/IDS/NAME and languages/IDS-recipes/RECIPE/NAME, as build::GuestCaches makes them.
std::vector<CacheTree> language_caches_in(const std::filesystem::path& directory) {
    std::vector<CacheTree> trees;
    for (const std::filesystem::path& ids : folders_in(directory)) {
        if (!ids.filename().string().ends_with("-recipes")) {
            add_caches(ids, trees);
            continue;
        }
        for (const std::filesystem::path& recipe : folders_in(ids)) {
            add_caches(recipe, trees);
        }
    }
    return trees;
}

void add(std::string name, const TrimReport& report, std::vector<CacheArea>& areas) {
    areas.push_back({std::move(name), report.removed, report.bytes, report.in_use});
}

// One lock holds all of it, for as long as a seed is made.
Result<TrimReport> trim_seed(const std::filesystem::path& directory, std::uint64_t size_limit) {
    const UniqueFd lock(::open((directory / "lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    TrimReport report;
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        report.in_use = 1;
    } else if (lock) {
        QUERN_TRY(report, trim(directory / "debs", size_limit));
        if (size_limit == 0) {
            QUERN_CHECK(remove_tree(directory / "apt"));  // lists of packages
        }
    }
    return report;
}

// A day old: a build that runs fills its own in minutes.
Result<void> remove_abandoned_changes(const std::filesystem::path& cache) {
    constexpr std::time_t day = 24 * 60 * 60;
    for (const std::filesystem::path& folder : folders_in(cache)) {
        struct stat status = {};
        if (folder.filename().string().starts_with(changes_prefix) &&
            ::lstat(folder.c_str(), &status) == 0 && status.st_mtime + day < std::time(nullptr)) {
            QUERN_CHECK(remove_tree(folder));
        }
    }
    return {};
}

}  // namespace

Result<std::vector<CacheArea>> trim_cache(
    const std::filesystem::path& cache, std::uint64_t size_limit
) {
    std::vector<CacheArea> areas;
    for (const std::string_view name : folders_of_files) {
        QUERN_TRY(const TrimReport report, trim(cache / name, size_limit));
        add(std::string(name), report, areas);
    }
    QUERN_TRY(const TrimReport mirrors, trim_trees(mirrors_in(cache / "git"), size_limit));
    add("git", mirrors, areas);
    QUERN_TRY(
        const TrimReport languages, trim_trees(language_caches_in(cache / "languages"), size_limit)
    );
    add("languages", languages, areas);
    QUERN_TRY(const TrimReport roots, rootfs::LayerCache(cache / "roots").trim(size_limit));
    add("roots", roots, areas);
    QUERN_TRY(const TrimReport seed, trim_seed(cache / "seed", size_limit));
    add("seed", seed, areas);
    const build::SnapshotLimits limits = {.bytes = size_limit};
    QUERN_TRY(const TrimReport layers, build::Snapshots::trim(cache / "snapshots", limits));
    add("snapshots", layers, areas);
    QUERN_CHECK(remove_abandoned_changes(cache));
    return areas;
}

bool is_cache_folder(std::string_view name) {
    return has(folders_of_files, name) || has(folders_with_locks, name) ||
           has(other_folders, name) || name.starts_with(changes_prefix);
}

bool has_locks(std::string_view name) {
    return has(folders_with_locks, name) || name.starts_with(changes_prefix);
}

}  // namespace quern::cli
