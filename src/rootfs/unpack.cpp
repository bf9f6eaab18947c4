// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/unpack.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quern::rootfs {
namespace {

/// A directory below the staging directory for one package.
class StagingDirectory {
 public:
    StagingDirectory(int parent, std::size_t number)
        : parent_(parent), name_(std::to_string(number)) {}

    Result<UniqueFd> make() const {
        if (::mkdirat(parent_, name_.c_str(), S_IRWXU) != 0) {
            const int err = errno;
            return Error::system(err, "making a staging directory");
        }
        return open();
    }
    Result<UniqueFd> open() const {
        constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        UniqueFd directory(::openat(parent_, name_.c_str(), flags));
        if (!directory) {
            const int err = errno;
            return Error::system(err, "opening a staging directory");
        }
        return directory;
    }

 private:
    int parent_;
    std::string name_;
};

/// Staged packages wait here for their turn. Whoever brings the next one places it and all that
/// wait behind it; the others go on staging meanwhile.
class Turnstile {
 public:
    Turnstile(const UnpackJob& job, Placement& placement, int staging)
        : job_(job), placement_(placement), staging_(staging), waiting_(job.count) {}

    /// Gives the error of placing, whichever package it is of.
    Result<void> bring(std::size_t number, StagedPackage staged) {
        std::unique_lock lock(mutex_);
        waiting_[number] = std::move(staged);
        if (is_placing_) {
            return {};
        }
        is_placing_ = true;
        while (!failure_ && next_ < waiting_.size() && waiting_[next_]) {
            StagedPackage ready = std::move(*waiting_[next_]);
            waiting_[next_].reset();
            lock.unlock();
            auto placed = place(std::move(ready));
            lock.lock();
            if (!placed) {
                failure_ = std::move(placed).error();
            }
        }
        is_placing_ = false;
        return outcome_locked();
    }

    Result<void> outcome() {
        const std::lock_guard lock(mutex_);
        return outcome_locked();
    }

 private:
    Result<void> outcome_locked() const {
        return failure_ ? Result<void>(*failure_) : Result<void>();
    }

    /// `next_` is of whoever places.
    Result<void> place(StagedPackage staged) {
        QUERN_TRY(const UniqueFd directory, StagingDirectory(staging_, next_).open());
        QUERN_CHECK(placement_.place(std::move(staged), directory.get()));
        ++next_;
        if (job_.placed) {
            job_.placed(next_);
        }
        return {};
    }

    const UnpackJob& job_;
    Placement& placement_;
    int staging_;
    std::mutex mutex_;
    std::vector<std::optional<StagedPackage>> waiting_;
    std::size_t next_ = 0;
    bool is_placing_ = false;
    std::optional<Error> failure_;
};

}  // namespace

Result<void> unpack(const UnpackJob& job, Placement& placement, GuestIds owner, ThreadPool& pool) {
    const UniqueFd staging(::open(job.staging.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!staging) {
        const int err = errno;
        return Error::system(err, "opening the staging directory");
    }
    Turnstile turnstile(job, placement, staging.get());
    const auto bring = [&](std::size_t number) -> Result<void> {
        QUERN_CHECK(turnstile.outcome());
        QUERN_TRY(const apk::PackageFile package, job.open(number));
        QUERN_TRY(const UniqueFd directory, StagingDirectory(staging.get(), number).make());
        QUERN_TRY(StagedPackage staged, stage(package, directory.get(), owner, *job.cancel));
        return turnstile.bring(number, std::move(staged));
    };
    auto brought = pool.for_each_index(job.count, bring);
    // A package is placed when all before it are staged, so an error of placing is of an earlier
    // package than one of staging.
    QUERN_CHECK(turnstile.outcome());
    return brought;
}

}  // namespace quern::rootfs
