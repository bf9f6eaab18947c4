// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/cache_directory.hpp"

#include "support/file_tree.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace quern {

namespace {

constexpr std::int64_t day = 24 * 60 * 60;
constexpr std::uint64_t block = 512;  ///< of st_blocks, whatever the file system's own is

using Directory = Handle<DIR, &::closedir>;
using Moment = std::pair<std::int64_t, std::int64_t>;

struct Object {
    Moment used;
    std::string name;
    std::uint64_t bytes = 0;
    bool is_leftover = false;
};

Moment moment_of(const struct timespec& time) {
    return {time.tv_sec, time.tv_nsec};
}

std::uint64_t bytes_of(const struct stat& status) {
    return static_cast<std::uint64_t>(status.st_blocks) * block;
}

Error cannot_list(int err, const std::filesystem::path& directory) {
    return Error::system(err, fmt::format("listing {}", directory.string()));
}

std::vector<Object> list_files(DIR* listing, std::int64_t now) {
    std::vector<Object> objects;
    while (const dirent* entry = ::readdir(listing)) {
        struct stat status = {};
        if (::fstatat(::dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode)) {
            continue;
        }
        Object object;
        object.name = entry->d_name;
        object.used = std::max(moment_of(status.st_atim), moment_of(status.st_mtim));
        object.bytes = bytes_of(status);
        object.is_leftover = object.name.starts_with('.') && object.used.first + day < now;
        if (!object.name.starts_with('.') || object.is_leftover) {
            objects.push_back(std::move(object));
        }
    }
    return objects;
}

struct UsedTree {
    Moment used;
    const CacheTree* tree = nullptr;
    std::uint64_t bytes = 0;
};

Moment changed_at(const std::filesystem::path& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0 ? moment_of(status.st_mtim) : Moment();
}

std::filesystem::path aside_of(const std::filesystem::path& tree) {
    return tree.parent_path() / (".removing-" + tree.filename().string());
}

/// False if somebody uses it.
Result<bool> drop(const CacheTree& tree) {
    constexpr mode_t mode = 0644;
    const UniqueFd lock(
        ::open(tree.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode)
    );
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return false;
    }
    const std::filesystem::path aside = aside_of(tree.path);
    QUERN_CHECK(remove_tree(aside));  // of one that was killed here
    if (::rename(tree.path.c_str(), aside.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("removing {}", tree.path.string()));
    }
    QUERN_CHECK(remove_tree(aside));
    return true;
}

}  // namespace

Result<CacheUse> measure(const std::filesystem::path& directory) {
    auto tree = FileTree::open(directory);
    if (!tree) {
        return tree.error().code() == ErrorCode::not_found ? Result<CacheUse>(CacheUse())
                                                           : std::move(tree).error();
    }
    CacheUse use;
    std::set<std::pair<dev_t, ino_t>> seen;
    const auto count = [&](const TreeEntry& entry) -> Result<void> {
        const struct stat& status = entry.status;
        if (status.st_nlink < 2 || S_ISDIR(status.st_mode) ||
            seen.emplace(status.st_dev, status.st_ino).second) {
            use.bytes += bytes_of(status);
            use.files += S_ISDIR(status.st_mode) ? 0 : 1;
        }
        return {};
    };
    QUERN_CHECK(tree->walk("", count));
    return use;
}

Result<TrimReport> trim(const std::filesystem::path& directory, std::uint64_t size_limit) {
    const Directory listing(::opendir(directory.c_str()));
    if (!listing) {
        const int err = errno;
        return err == ENOENT ? Result<TrimReport>(TrimReport()) : cannot_list(err, directory);
    }
    std::vector<Object> objects = list_files(listing.get(), std::time(nullptr));
    std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) {
        return std::tie(b.is_leftover, a.used, a.name) < std::tie(a.is_leftover, b.used, b.name);
    });
    TrimReport report;
    for (const Object& object : objects) {
        report.kept_bytes += object.bytes;
    }
    for (const Object& object : objects) {
        if (!object.is_leftover && report.kept_bytes <= size_limit) {
            break;
        }
        if (::unlinkat(::dirfd(listing.get()), object.name.c_str(), 0) != 0 && errno != ENOENT) {
            const int err = errno;
            return Error::system(
                err, fmt::format("removing {}", (directory / object.name).string())
            );
        }
        ++report.removed;
        report.bytes += object.bytes;
        report.kept_bytes -= object.bytes;
    }
    return report;
}

Result<FileLock> use_tree(const std::filesystem::path& lock, FileLock::Mode mode) {
    QUERN_TRY(FileLock held, FileLock::acquire(lock, mode));
    // Where it cannot be marked it only goes earlier.
    std::ignore = ::utimensat(AT_FDCWD, lock.c_str(), nullptr, 0);
    return held;
}

Result<TrimReport> trim_trees(const std::vector<CacheTree>& trees, std::uint64_t size_limit) {
    std::vector<UsedTree> used;
    TrimReport report;
    for (const CacheTree& tree : trees) {
        QUERN_TRY(const CacheUse use, measure(tree.path));
        const Moment moment = std::max(changed_at(tree.lock), changed_at(tree.path));
        used.push_back({moment, &tree, use.bytes});
        report.kept_bytes += use.bytes;
    }
    std::sort(used.begin(), used.end(), [](const UsedTree& a, const UsedTree& b) {
        return std::tie(a.used, a.tree->path) < std::tie(b.used, b.tree->path);
    });
    for (const UsedTree& one : used) {
        if (report.kept_bytes <= size_limit) {
            break;
        }
        QUERN_TRY(const bool is_dropped, drop(*one.tree));
        if (!is_dropped) {
            ++report.in_use;
            continue;
        }
        ++report.removed;
        report.bytes += one.bytes;
        report.kept_bytes -= one.bytes;
    }
    return report;
}

}  // namespace quern
