// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Directories are made, and looked at by those who clean up, under a lock of their parent: one
// without a lock of its own is then never one that is just being made, and can be taken away
// whatever a kill left in it.

#include "build/scratch.hpp"

#include "support/file_tree.hpp"
#include "support/log.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace quern::build {
namespace {

// The parent must be locked.
bool is_abandoned(const std::filesystem::path& directory) {
    const UniqueFd lock(::open((directory / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return lock ? ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 : errno == ENOENT;
}

void remove_quietly(const std::filesystem::path& directory) {
    if (auto removed = remove_tree(directory); !removed) {
        log::write(log::Level::debug, "build", removed.error().message());
    }
}

std::vector<std::filesystem::path> abandoned_in(
    const std::filesystem::path& parent, const std::string& prefix
) {
    std::error_code failure;
    std::vector<std::filesystem::path> abandoned;
    for (const auto& entry : std::filesystem::directory_iterator(parent, failure)) {
        if (entry.path().filename().string().starts_with(prefix) && is_abandoned(entry.path())) {
            abandoned.push_back(entry.path());
        }
    }
    return abandoned;
}

// Held for as long as a directory is made; taking large ones away is done without it.
Result<UniqueFd> lock_parent(const std::filesystem::path& parent) {
    UniqueFd lock(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", parent.string()));
    }
    while (::flock(lock.get(), LOCK_EX) != 0) {
        const int err = errno;
        if (err != EINTR) {
            return Error::system(err, fmt::format("locking {}", parent.string()));
        }
    }
    return lock;
}

Result<void> make_directory(const std::filesystem::path& path) {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("making {}", path.string()));
    }
    return {};
}

Result<FileLock> lock_directory(const std::filesystem::path& directory) {
    return FileLock::acquire(directory / "lock", FileLock::Mode::shared);
}

}  // namespace

Scratch::Scratch(std::filesystem::path path, FileLock lock, bool keep)
    : path_(std::move(path)), lock_(std::make_unique<FileLock>(std::move(lock))), keep_(keep) {}

Result<Scratch> Scratch::create(const std::filesystem::path& parent, const std::string& prefix) {
    QUERN_CHECK(make_directory(parent));
    QUERN_TRY(UniqueFd parent_lock, lock_parent(parent));
    const auto abandoned = abandoned_in(parent, prefix);
    std::string name = (std::filesystem::absolute(parent) / (prefix + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
        const int err = errno;
        return Error::system(err, fmt::format("making a directory in {}", parent.string()));
    }
    QUERN_TRY(FileLock lock, lock_directory(name));
    parent_lock = UniqueFd();
    for (const std::filesystem::path& path : abandoned) {
        remove_quietly(path);
    }
    return Scratch(name, std::move(lock), false);
}

Result<Scratch> Scratch::adopt(const std::filesystem::path& directory) {
    QUERN_CHECK(make_directory(directory));
    QUERN_TRY(FileLock lock, lock_directory(directory));
    return Scratch(std::filesystem::absolute(directory), std::move(lock), true);
}

Scratch::Scratch(Scratch&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)), keep_(other.keep_) {}

Scratch& Scratch::operator=(Scratch&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    std::swap(keep_, other.keep_);
    return *this;
}

Scratch::~Scratch() {
    if (!path_.empty() && !keep_) {
        remove_quietly(path_);
    }
}

}  // namespace quern::build
