// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/snapshots.hpp"

#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

constexpr const char* layer_name = "layer";
constexpr const char* output_name = "output";
constexpr const char* removing_name = "removing";
constexpr const char* size_name = "bytes";
constexpr const char* boot_name = "boot";
constexpr const char* settled_name = "settled";
constexpr const char* looked_name = "looked";

// Nobody waits for the disk when a layer is kept, so a machine that stops may lose parts of it. A
// layer counts in the run of the machine in which it was made; in later ones only if the kernel has
// had the time to write it, which it does within half a minute. Source: Linux
// Documentation/admin-guide/sysctl/vm.rst, dirty_expire_centisecs.
constexpr std::chrono::minutes time_to_settle{5};

std::string boot_id() {
    constexpr std::uint64_t limit = 64;
    const auto text = read_file("/proc/sys/kernel/random/boot_id", limit);
    return text ? std::string(trim(*text)) : std::string();
}

bool is_usable(const std::filesystem::path& kept, const std::string& boot) {
    std::error_code failure;
    if (std::filesystem::exists(kept / settled_name, failure)) {
        return true;
    }
    constexpr std::uint64_t limit = 64;
    const auto made_in = read_file(kept / boot_name, limit);
    return made_in && !boot.empty() && *made_in == boot;
}

Result<UniqueFd> open_lock(const std::filesystem::path& directory) {
    const std::filesystem::path file = directory / "lock";
    UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", file.string()));
    }
    return lock;
}

struct Kept {
    std::filesystem::path path;
    std::filesystem::file_time_type used;
    std::uint64_t bytes = 0;
};

// Counted once and left beside the layer, which nobody changes.
std::uint64_t bytes_of(const std::filesystem::path& kept) {
    struct stat counted = {};
    const std::filesystem::path file = kept / size_name;
    if (::stat(file.c_str(), &counted) == 0) {
        return static_cast<std::uint64_t>(counted.st_size);
    }
    std::error_code failure;
    const std::uintmax_t output = std::filesystem::file_size(kept / output_name, failure);
    std::uint64_t bytes = failure ? 0 : output;
    if (const auto tree = FileTree::open(kept / layer_name)) {
        constexpr std::uint64_t block = 512;
        std::ignore = tree->walk("", [&](const TreeEntry& entry) -> Result<void> {
            bytes += static_cast<std::uint64_t>(entry.status.st_blocks) * block;
            return {};
        });  // what cannot be read is not counted
    }
    // A file without blocks whose length is the number: no text to parse.
    const UniqueFd made(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (made) {
        std::ignore = ::ftruncate(made.get(), static_cast<off_t>(bytes));
    }
    return bytes;
}

// A step that printed nothing has no file.
Result<void> copy_range(const FileRange& range, const std::filesystem::path& to) {
    if (range.begin >= range.end) {
        return {};
    }
    const UniqueFd made(
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
    );
    if (!made) {
        return Error::system(errno, fmt::format("making {}", to.string()));
    }
    std::array<char, std::size_t{64} << 10U> buffer = {};
    for (std::uint64_t at = range.begin; at < range.end;) {
        const std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), range.end - at);
        const ssize_t count = ::pread(
            range.fd, buffer.data(), static_cast<std::size_t>(wanted), static_cast<off_t>(at)
        );
        if (count <= 0) {
            return Error::system(count < 0 ? errno : EIO, "reading the log");
        }
        QUERN_CHECK(write_all(made.get(), {buffer.data(), static_cast<std::size_t>(count)}));
        at += static_cast<std::uint64_t>(count);
    }
    return {};
}

void settle(const std::filesystem::path& kept, const std::string& boot) {
    struct stat made = {};
    std::error_code failure;
    if (std::filesystem::exists(kept / settled_name, failure) || !is_usable(kept, boot) ||
        ::stat((kept / layer_name).c_str(), &made) != 0) {
        return;
    }
    const auto age = std::chrono::system_clock::now() -
                     std::chrono::system_clock::from_time_t(made.st_ctim.tv_sec);
    if (age > time_to_settle) {
        if (const auto tree = FileTree::open(kept)) {
            std::ignore = tree->write(settled_name, {}, 0600);  // the next build tries again
        }
    }
}

std::vector<Kept> list(const std::filesystem::path& directory) {
    std::vector<Kept> all;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
        const auto used = std::filesystem::last_write_time(entry.path() / boot_name, failure);
        if (!failure && entry.is_directory(failure)) {
            all.push_back({entry.path(), used, bytes_of(entry.path())});
        }
    }
    std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) {
        return std::tie(b.used, b.path) < std::tie(a.used, a.path);
    });
    return all;
}

// A time to come is a clock that was set back.
bool was_looked_through(const std::filesystem::path& directory, std::chrono::seconds pause) {
    std::error_code failure;
    const auto last = std::filesystem::last_write_time(directory / looked_name, failure);
    const auto now = std::filesystem::file_time_type::clock::now();
    return !failure && last <= now && now - last < pause;
}

}  // namespace

Result<Snapshots> Snapshots::open(const std::filesystem::path& directory) {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure || ::chmod(directory.c_str(), S_IRWXU) != 0) {
        const int err = failure ? failure.value() : errno;
        return Error::system(err, fmt::format("making {}", directory.string()));
    }
    QUERN_TRY(UniqueFd lock, open_lock(directory));
    while (::flock(lock.get(), LOCK_SH) != 0) {
        const int err = errno;
        if (err != EINTR) {
            return Error::system(err, fmt::format("locking {}", directory.string()));
        }
    }
    return Snapshots(directory, std::move(lock), boot_id());
}

std::filesystem::path Snapshots::find(const std::string& key) const {
    std::filesystem::path layer = directory_ / key / layer_name;
    std::error_code failure;
    const bool is_there = std::filesystem::is_directory(layer, failure);
    return is_there && is_usable(directory_ / key, boot_) ? layer : std::filesystem::path();
}

std::filesystem::path Snapshots::output(const std::string& key) const {
    return directory_ / key / output_name;
}

std::filesystem::path Snapshots::keep(
    const std::string& key, const std::filesystem::path& layer, const FileRange& output
) const {
    // The place gets its name when it is complete: a name is all that `find` looks at.
    const std::filesystem::path making = layer.parent_path() / "kept";
    const std::filesystem::path place = directory_ / key;
    std::error_code failure;
    const auto tree = FileTree::create(making);
    if (!tree || !copy_range(output, making / output_name) ||
        !tree->write(boot_name, boot_, 0600)) {
        return layer;
    }
    std::filesystem::rename(layer, making / layer_name, failure);
    if (failure) {
        return layer;
    }
    if (::rename(making.c_str(), place.c_str()) == 0) {
        return place / layer_name;
    }
    return making / layer_name;
}

void Snapshots::touch(const std::string& key) const {
    const std::filesystem::path place = directory_ / key / boot_name;
    ::utimensat(AT_FDCWD, place.c_str(), nullptr, 0);
}

Result<TrimReport> Snapshots::trim(
    const std::filesystem::path& directory, const SnapshotLimits& limits
) {
    TrimReport report;
    std::error_code failure;
    if (!std::filesystem::exists(directory, failure) ||
        was_looked_through(directory, limits.pause)) {
        return report;
    }
    QUERN_TRY(const UniqueFd lock, open_lock(directory));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        report.in_use = 1;
        return report;
    }
    const std::filesystem::path removing = directory / removing_name;
    QUERN_CHECK(remove_tree(removing));
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    const std::string boot = boot_id();
    for (const Kept& kept : list(directory)) {
        settle(kept.path, boot);
        bytes += kept.bytes;
        ++count;
        if (bytes <= limits.bytes && count <= limits.count) {
            report.kept_bytes = bytes;
        } else {
            // A kill in the middle must not leave half a layer under its key.
            std::filesystem::rename(kept.path, removing, failure);
            QUERN_CHECK(remove_tree(failure ? kept.path : removing));
            ++report.removed;
            report.bytes += kept.bytes;
        }
    }
    QUERN_TRY(const FileTree store, FileTree::open(directory));
    QUERN_CHECK(store.write(looked_name, {}, 0600));
    return report;
}

}  // namespace quern::build
