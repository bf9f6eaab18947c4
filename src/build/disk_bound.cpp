// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// To count the files of a tree takes seconds where there are many, so it is done where the free
// space of the file system has shrunk by as much as is left, and otherwise rarely: somebody else
// may have freed space meanwhile.

#include "build/disk_bound.hpp"

#include "support/handle.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::build {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause{100};
constexpr std::chrono::seconds least_between_counts{2};
constexpr int share_of_time = 20;  // of counting: a twentieth
constexpr std::uint64_t block = 512;
constexpr std::size_t deepest = 128;
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

using Directory = Handle<DIR, &::closedir>;

// What goes away or cannot be opened meanwhile is passed over: steps are at work there.
// NOLINTNEXTLINE(misc-no-recursion): bounded by `deepest`
void count(int directory, std::size_t depth, std::uint64_t most, std::uint64_t& bytes) {
    UniqueFd fd(::openat(directory, ".", directory_flags));
    const Directory listing(fd ? ::fdopendir(fd.get()) : nullptr);
    if (!listing) {
        return;
    }
    static_cast<void>(fd.release());
    const dirent* entry = ::readdir(listing.get());
    for (; entry != nullptr && bytes <= most; entry = ::readdir(listing.get())) {
        const std::string_view name = static_cast<const char*>(entry->d_name);
        struct stat status = {};
        if (name == "." || name == ".." ||
            ::fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        const bool is_directory = S_ISDIR(status.st_mode);
        const std::uint64_t names = is_directory ? 1 : std::max<std::uint64_t>(status.st_nlink, 1);
        bytes += static_cast<std::uint64_t>(status.st_blocks) * block / names;
        const UniqueFd below(
            is_directory && depth < deepest ? ::openat(directory, entry->d_name, directory_flags)
                                            : -1
        );
        if (below) {
            count(below.get(), depth + 1, most, bytes);
        }
    }
}

}  // namespace

DiskBound::DiskBound(std::uint64_t bytes, std::filesystem::path place, Measure measure)
    : bytes_(bytes), place_(std::move(place)), measure_(std::move(measure)), next_(Clock::now()) {
    start_ = measure_(UINT64_MAX).value_or(0);
    free_then_ = free_bytes();
}

std::optional<std::uint64_t> DiskBound::free_bytes() const {
    std::error_code failure;
    const std::filesystem::space_info space = std::filesystem::space(place_, failure);
    return place_.empty() || failure ? std::nullopt : std::optional<std::uint64_t>(space.free);
}

bool DiskBound::is_passed(bool is_thorough) {
    const std::optional<std::uint64_t> free_now = free_bytes();
    const Clock::time_point start = Clock::now();
    const bool is_possible = free_now && free_then_ && *free_now < *free_then_ &&
                             counted_ + (*free_then_ - *free_now) > bytes_;
    if (!is_thorough && !is_possible && start < next_) {
        return false;
    }
    const std::uint64_t most = bytes_ > UINT64_MAX - start_ ? UINT64_MAX : start_ + bytes_;
    const std::optional<std::uint64_t> taken = measure_(most);
    const auto cost = Clock::now() - start;
    next_ = Clock::now() + std::max<Clock::duration>(least_between_counts, cost * share_of_time);
    if (taken) {
        counted_ = *taken - std::min(*taken, start_);
        free_then_ = free_now;
    }
    return taken && *taken > most;
}

DiskWatch::DiskWatch(DiskBound* bound, const CancelToken& cancel) : bound_(bound), outer_(cancel) {
    if (bound_ != nullptr) {
        thread_ = std::jthread([this](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any condition;
            std::unique_lock lock(mutex);
            while (!condition.wait_for(lock, stop, pause, [&stop] {
                return stop.stop_requested();
            }) && !stop.stop_requested()) {
                look();
            }
        });
    }
}

DiskWatch::~DiskWatch() = default;

void DiskWatch::look() {
    if (outer_.is_requested()) {
        inner_.request();
    } else if (bound_->is_passed()) {
        is_passed_ = true;
        inner_.request();
    }
}

bool DiskWatch::is_passed() {
    if (bound_ == nullptr) {
        return false;
    }
    thread_.request_stop();
    thread_.join();
    return is_passed_ || bound_->is_passed(true);
}

std::uint64_t bytes_on_disk(const std::vector<std::filesystem::path>& trees, std::uint64_t most) {
    std::uint64_t bytes = 0;
    for (const std::filesystem::path& tree : trees) {
        const UniqueFd fd(::open(tree.c_str(), directory_flags));
        if (fd && bytes <= most) {
            count(fd.get(), 0, most, bytes);
        }
    }
    return bytes;
}

}  // namespace quern::build
