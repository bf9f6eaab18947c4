// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Removal keeps one descriptor and one list of names for each level that it is in. A tree may be
// deeper than there are descriptors, so a directory at the depth limit is first moved up, next to
// the top of the tree that is being removed, and its turn comes later.
#include "support/beneath.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quern {

namespace {

constexpr std::size_t max_open_levels = 64;

struct Level {
    UniqueFd directory;
    std::string name;
    std::vector<std::string> names;  ///< still to be removed
};

class Removal {
 public:
    explicit Removal(int parent) : parent_(parent) {}

    Result<void> remove(const std::string& name) {
        QUERN_CHECK(remove_one(name));
        for (;;) {
            while (!levels_.empty()) {
                QUERN_CHECK(advance());
            }
            if (moved_up_.empty()) {
                return {};
            }
            const std::string next = std::move(moved_up_.back());
            moved_up_.pop_back();
            QUERN_CHECK(remove_one(next));
        }
    }

 private:
    int current() const { return levels_.empty() ? parent_ : levels_.back().directory.get(); }

    /// Takes one step in the innermost directory.
    Result<void> advance() {
        Level& level = levels_.back();
        if (!level.names.empty()) {
            const std::string name = std::move(level.names.back());
            level.names.pop_back();
            return remove_one(name);
        }
        const std::string name = std::move(level.name);
        levels_.pop_back();
        if (::unlinkat(current(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
            const int err = errno;
            return Error::system(err, fmt::format("removing the directory {}", printable(name)));
        }
        return {};
    }

    /// Removes what is no directory; enters what is one.
    Result<void> remove_one(const std::string& name) {
        if (::unlinkat(current(), name.c_str(), 0) == 0 || errno == ENOENT) {
            return {};
        }
        const int err = errno;
        if (err != EISDIR && err != EPERM && err != EACCES && err != EBUSY) {
            return Error::system(err, fmt::format("removing {}", printable(name)));
        }
        struct stat status = {};
        const bool is_known = ::fstatat(current(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (!is_known || !S_ISDIR(status.st_mode)) {
            return Error::system(err, fmt::format("removing {}", printable(name)));
        }
        return enter(name, status.st_mode);
    }

    Result<void> enter(const std::string& name, mode_t mode) {
        UniqueFd directory = open_made_accessible(name, mode);
        if (!directory) {
            const int err = errno;
            if (err == ENOENT) {
                return {};
            }
            const char* const hint = err == EXDEV ? " (something is mounted there)" : "";
            return Error::system(
                err, fmt::format("removing the directory {}{}", printable(name), hint)
            );
        }
        if (levels_.size() >= max_open_levels) {
            return move_up(name);
        }
        QUERN_TRY(auto names, list_names(directory.get()));
        levels_.push_back(
            {.directory = std::move(directory), .name = name, .names = std::move(names)}
        );
        return {};
    }

    /// The owner needs all three bits to empty a directory, and may always set them.
    UniqueFd open_made_accessible(const std::string& name, mode_t mode) const {
        constexpr std::uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
        if ((mode & S_IRWXU) != S_IRWXU) {
            // Without the right to read it can only be opened as a place; fchmod refuses such a
            // descriptor, its link in /proc does not.
            const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
            const UniqueFd place = open_beneath(current(), name.c_str(), flags, resolve);
            if (place) {
                const auto path = fmt::format("/proc/self/fd/{}", place.get());
                static_cast<void>(::chmod(path.c_str(), S_IRWXU)
                );  // the open below fails if this did
            }
        }
        return open_directory(current(), name.c_str());
    }

    Result<void> move_up(const std::string& name) {
        for (;;) {
            std::string unused = fmt::format(".quern-removing-{}-{}", ::getpid(), ++moved_count_);
            // NOREPLACE: never on top of something that is not ours.
            if (::renameat2(current(), name.c_str(), parent_, unused.c_str(), RENAME_NOREPLACE) ==
                0) {
                moved_up_.push_back(std::move(unused));
                return {};
            }
            const int err = errno;
            if (err != EEXIST) {
                return Error::system(err, fmt::format("moving {} to remove it", printable(name)));
            }
        }
    }

    int parent_;
    std::vector<Level> levels_;
    std::vector<std::string> moved_up_;  ///< names in `parent_`
    std::uint64_t moved_count_ = 0;
};

}  // namespace

Result<void> remove_entry(int parent, const std::string& name) {
    return Removal(parent).remove(name);
}

}  // namespace quern
