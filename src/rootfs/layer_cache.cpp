// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// `<directory>/<key>/` holds `root` and `lock`. It appears by a rename once the tree is complete,
// so its presence is the mark of completeness. Trees in the making are `<directory>/making-XXXXXX`,
// locked by their maker; one without a living maker is removed by whoever comes next.

#include "rootfs/layer_cache.hpp"

#include "support/file_tree.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace quern::rootfs {
namespace {

constexpr const char* making_prefix = "making-";

// Nothing if there is no finished tree of that key.
Result<std::optional<CachedRoot>> open_finished(
    const std::filesystem::path& directory, const std::string& key
) {
    const std::filesystem::path place = directory / key;
    std::error_code failure;
    if (!std::filesystem::exists(place / "root", failure)) {
        return std::optional<CachedRoot>();
    }
    auto lock = FileLock::acquire(place / "lock", FileLock::Mode::shared);
    if (!lock && lock.error().code() == ErrorCode::not_found) {
        return std::optional<CachedRoot>();  // it was dropped just now
    }
    if (!lock) {
        return std::move(lock).error();
    }
    ::utimensat(
        AT_FDCWD, (place / "lock").c_str(), nullptr, 0
    );  // its time is that of the last use
    if (!std::filesystem::exists(place / "root", failure)) {
        return std::optional<CachedRoot>();
    }
    return std::optional<CachedRoot>(CachedRoot{place / "root", key, true, std::move(*lock)});
}

void remove_abandoned(const std::filesystem::path& directory) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
        if (!entry.path().filename().string().starts_with(making_prefix)) {
            continue;
        }
        const UniqueFd lock(
            ::open((entry.path() / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        );
        if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
            std::ignore =
                remove_tree(entry.path());  // what cannot be removed now is tried again next time
        }
    }
}

/// A tree in the making; removed unless it is finished.
class Making {
 public:
    static Result<Making> create(const std::filesystem::path& directory) {
        std::string name = (directory / (std::string(making_prefix) + "XXXXXX")).string();
        if (::mkdtemp(name.data()) == nullptr) {
            const int err = errno;
            return Error::system(err, fmt::format("making a directory in {}", directory.string()));
        }
        Making making(name);
        QUERN_TRY(
            FileLock lock, FileLock::acquire(making.path_ / "lock.new", FileLock::Mode::shared)
        );
        making.lock_.emplace(std::move(lock));
        std::error_code failure;
        std::filesystem::rename(making.path_ / "lock.new", making.path_ / "lock", failure);
        return making;
    }
    Making(Making&& other) noexcept
        : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
    Making& operator=(Making&&) = delete;
    ~Making() {
        if (!path_.empty()) {
            std::ignore = remove_tree(path_);  // the next `prepare` tries again
        }
    }

    const std::filesystem::path& path() const { return path_; }

    // Another process may have finished the same tree first; then this one is not needed. The lock
    // moves along with the directory.
    Result<CachedRoot> finish(const std::filesystem::path& directory, const std::string& key) {
        const std::filesystem::path place = directory / key;
        if (::rename(path_.c_str(), place.c_str()) == 0) {
            path_.clear();
            return CachedRoot{place / "root", key, false, std::move(*lock_)};
        }
        const int err = errno;
        QUERN_TRY(auto finished, open_finished(directory, key));
        if (finished) {
            return std::move(*finished);
        }
        return Error::system(err, fmt::format("keeping the root tree {}", place.string()));
    }

 private:
    explicit Making(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
    std::optional<FileLock> lock_;
};

Result<void> make_private_directory(const std::filesystem::path& directory) {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    // Trees hold setuid files of guests: nobody else may reach them (attacks M17).
    if (failure || ::chmod(directory.c_str(), 0700) != 0) {
        const int err = failure ? failure.value() : errno;
        return Error::system(err, fmt::format("making {}", directory.string()));
    }
    return {};
}

/// A tree that could be dropped.
struct Candidate {
    std::filesystem::path place;
    std::int64_t used = 0;  ///< Unix seconds
    std::uint64_t bytes = 0;
};

Result<std::vector<Candidate>> list_trees(const std::filesystem::path& directory) {
    std::vector<Candidate> trees;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
        struct stat status = {};
        if (entry.path().filename().string().starts_with(making_prefix) ||
            ::stat((entry.path() / "lock").c_str(), &status) != 0) {
            continue;
        }
        QUERN_TRY(const CacheUse use, measure(entry.path()));
        trees.push_back({entry.path(), status.st_mtim.tv_sec, use.bytes});
    }
    std::sort(trees.begin(), trees.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(a.used, a.place) < std::tie(b.used, b.place);
    });
    return trees;
}

/// False if somebody uses it. It vanishes under its name at once and is removed afterwards; a kill
/// between leaves what `remove_abandoned` takes.
Result<bool> drop(const Candidate& tree) {
    const UniqueFd lock(::open((tree.place / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return false;
    }
    const std::filesystem::path aside =
        tree.place.parent_path() / (making_prefix + tree.place.filename().string());
    if (::rename(tree.place.c_str(), aside.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("removing {}", tree.place.string()));
    }
    QUERN_CHECK(remove_tree(aside));
    return true;
}

}  // namespace

Result<TrimReport> LayerCache::trim(std::uint64_t size_limit) const {
    remove_abandoned(directory_);
    QUERN_TRY(const std::vector<Candidate> trees, list_trees(directory_));
    TrimReport report;
    for (const Candidate& tree : trees) {
        report.kept_bytes += tree.bytes;
    }
    for (const Candidate& tree : trees) {
        if (report.kept_bytes <= size_limit) {
            break;
        }
        QUERN_TRY(const bool is_dropped, drop(tree));
        if (is_dropped) {
            ++report.removed;
            report.bytes += tree.bytes;
            report.kept_bytes -= tree.bytes;
        }
    }
    return report;
}

Result<CachedRoot> LayerCache::prepare(
    const RootDescription& description,
    repository::PackageStore& store,
    const AssembleOptions& options,
    Reporter& reporter
) const {
    // A tree holds ids on disk, so trees of other id ranges are others.
    const std::string key =
        fmt::format("{}-{}-{}", description.cache_key(), options.owner.first, options.owner.count);
    QUERN_CHECK(make_private_directory(directory_));
    QUERN_TRY(auto finished, open_finished(directory_, key));
    if (finished) {
        return std::move(*finished);
    }
    remove_abandoned(directory_);
    QUERN_TRY(Making making, Making::create(directory_));
    Activity activity(reporter, "unpacking the root");
    QUERN_TRY(const FileTree root, FileTree::create(making.path() / "root"));
    QUERN_TRY(const AssembleReport report, assemble(root, description, store, options, reporter));
    activity.outcome(fmt::format("{} files", report.files));
    return making.finish(directory_, key);
}

}  // namespace quern::rootfs
