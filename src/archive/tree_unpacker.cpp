// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tree_unpacker.hpp"

#include "support/beneath.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

// The kernel keeps us inside: directories are opened with openat2 beneath the root, and then single
// names are used in them, with calls that do not follow the last part. Each call first tries to
// make its thing; only when something is in the way is it looked at and removed, so the common case
// costs one call.

namespace quern::archive {
namespace {

constexpr mode_t permission_bits = 0777;
constexpr mode_t owner_access = S_IRUSR | S_IWUSR;

std::string named(std::string_view path) {
    return fmt::format("'{}'", printable(path));
}

Error refused(std::string_view path, std::string_view why) {
    return {ErrorCode::invalid_data, fmt::format("{}: {}", named(path), why)};
}

Error failed(int err, std::string_view path) {
    return Error::system(err, fmt::format("unpacking {}", named(path)));
}

/// Access time is left as it is; the rest fits what file systems can hold (ext4: to 2446).
std::array<timespec, 2> times_of(const UnpackedEntry& entry) {
    constexpr std::int64_t latest = 0x37fffffff;
    std::array<timespec, 2> times{};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = static_cast<time_t>(std::clamp<std::int64_t>(entry.mtime, 0, latest));
    return times;
}

UniqueFd open_inside(int root, const std::string& path, int flags) {
    return open_beneath(
        root, path.empty() ? "." : path.c_str(), flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
    );
}

/// Why a directory beneath the root could not be opened.
Error no_directory(int err, std::string_view path) {
    switch (err) {
        case EXDEV:
        case ELOOP:
            return refused(path, "a link on the way leads out of the directory");
        case ENOTDIR:
            return refused(path, "this is no directory, but something lies below it");
        default:
            return failed(err, path);
    }
}

}  // namespace

Result<void> TreeUnpacker::own(int fd, std::string_view path) const {
    if (owner_.count > 1 && ::fchown(fd, owner_.first, owner_.first) != 0) {
        const int err = errno;
        return failed(err, path);
    }
    return {};
}

Result<TreeUnpacker::Place> TreeUnpacker::open_place(const UnpackedEntry& entry) {
    const std::size_t slash = entry.path.rfind('/');
    const bool is_top = slash == std::string::npos;
    const std::string_view path(entry.path);
    const std::string_view parent = is_top ? std::string_view() : path.substr(0, slash);
    if (!parent_ || is_parent_stale_ || parent != parent_path_) {
        QUERN_TRY(UniqueFd opened, open_parent(parent, entry.mtime));
        parent_ = std::move(opened);
        parent_path_ = parent;
        is_parent_stale_ = false;
    }
    return Place{parent_.get(), entry.path.substr(is_top ? 0 : slash + 1)};
}

Result<UniqueFd> TreeUnpacker::open_parent(std::string_view path, std::int64_t mtime) {
    UniqueFd parent = open_inside(root_.fd(), std::string(path), O_RDONLY | O_DIRECTORY);
    if (const int err = errno; !parent) {
        return err == ENOENT ? make_parents(path, mtime) : no_directory(err, path);
    }
    return parent;
}

Result<UniqueFd> TreeUnpacker::make_parents(std::string_view path, std::int64_t mtime) {
    UniqueFd parent = open_inside(root_.fd(), {}, O_RDONLY | O_DIRECTORY);
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part(path.substr(0, end));
        UniqueFd next = open_inside(root_.fd(), part, O_RDONLY | O_DIRECTORY);
        if (const int err = errno; !next && err != ENOENT) {
            return no_directory(err, part);
        }
        if (!next) {
            const std::string name(path.substr(begin, end - begin));
            QUERN_TRY(const bool is_made, make_directory(parent.get(), name, {part, 0755, mtime}));
            if (!is_made) {
                return refused(part, "a link to nowhere is where a directory is needed");
            }
            next = open_directory(parent.get(), name.c_str());
        }
        if (const int err = errno; !next) {
            return failed(err, part);
        }
        parent = std::move(next);
        begin = end + 1;
    }
    return parent;
}

/// False if something of that name is there. The mode stays 0700 until `finish`.
Result<bool> TreeUnpacker::make_directory(
    int parent, const std::string& name, UnpackedEntry entry
) {
    if (::mkdirat(parent, name.c_str(), S_IRWXU) != 0) {
        if (const int err = errno; err != EEXIST) {
            return failed(err, entry.path);
        }
        return false;
    }
    const UniqueFd made = open_directory(parent, name.c_str());
    struct stat status = {};
    if (!made || ::fchmod(made.get(), S_IRWXU) != 0 || ::fstat(made.get(), &status) != 0) {
        const int err = errno;
        return failed(err, entry.path);
    }
    QUERN_CHECK(own(made.get(), entry.path));
    directories_.push_back({std::move(entry), {status.st_dev, status.st_ino}});
    return true;
}

/// Removes what is at `place`, unless it is a directory.
Result<void> TreeUnpacker::clear(const Place& place, std::string_view path) {
    struct stat status = {};
    if (::fstatat(place.parent, place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        const int err = errno;
        return failed(err, path);
    }
    if (S_ISDIR(status.st_mode)) {
        return refused(path, "a directory of that name is there already");
    }
    is_parent_stale_ = true;  // a link that goes may have been part of its path
    if (::unlinkat(place.parent, place.name.c_str(), 0) != 0) {
        const int err = errno;
        return failed(err, path);
    }
    return {};
}

Result<void> TreeUnpacker::add_directory(const UnpackedEntry& entry) {
    QUERN_TRY(const Place place, open_place(entry));
    QUERN_TRY(const bool is_made, make_directory(place.parent, place.name, entry));
    if (is_made) {
        return {};
    }
    const UniqueFd present = open_directory(place.parent, place.name.c_str());
    if (present) {
        struct stat status = {};
        if (::fstat(present.get(), &status) != 0) {
            const int err = errno;
            return failed(err, entry.path);
        }
        directories_.push_back({entry, {status.st_dev, status.st_ino}});
        return own(present.get(), entry.path);
    }
    if (const int err = errno; err != ENOTDIR && err != ELOOP) {
        return failed(err, entry.path);
    }
    QUERN_CHECK(clear(place, entry.path));
    QUERN_TRY(const bool is_made_now, make_directory(place.parent, place.name, entry));
    return is_made_now ? Result<void>() : failed(EEXIST, entry.path);
}

Result<void> TreeUnpacker::add_symlink(const UnpackedEntry& entry, const std::string& target) {
    QUERN_TRY(const Place place, open_place(entry));
    const char* const name = place.name.c_str();
    int status = ::symlinkat(target.c_str(), place.parent, name);
    if (status != 0 && errno == EEXIST) {
        QUERN_CHECK(clear(place, entry.path));
        status = ::symlinkat(target.c_str(), place.parent, name);
    }
    const auto times = times_of(entry);
    const bool is_done =
        status == 0 &&
        (owner_.count <= 1 ||
         ::fchownat(place.parent, name, owner_.first, owner_.first, AT_SYMLINK_NOFOLLOW) == 0) &&
        ::utimensat(place.parent, name, times.data(), AT_SYMLINK_NOFOLLOW) == 0;
    if (const int err = errno; !is_done) {
        return failed(err, entry.path);
    }
    return {};
}

Result<void> TreeUnpacker::add_hard_link(const UnpackedEntry& entry, const std::string& target) {
    const std::size_t slash = target.rfind('/');
    const bool is_top = slash == std::string::npos;
    const std::string directory = is_top ? std::string() : target.substr(0, slash);
    const std::string target_name = target.substr(is_top ? 0 : slash + 1);
    const UniqueFd target_parent = open_inside(root_.fd(), directory, O_RDONLY | O_DIRECTORY);
    struct stat status = {};
    if (!target_parent ||
        ::fstatat(target_parent.get(), target_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode) || !files_.contains({status.st_dev, status.st_ino})) {
        return refused(
            entry.path, fmt::format("it links to {}, which is no earlier file", named(target))
        );
    }
    QUERN_TRY(const Place place, open_place(entry));
    const auto link = [&] {
        return ::linkat(
            target_parent.get(), target_name.c_str(), place.parent, place.name.c_str(), 0
        );
    };
    int linked = link();
    if (linked != 0 && errno == EEXIST) {
        struct stat present = {};
        if (::fstatat(place.parent, place.name.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0 &&
            present.st_dev == status.st_dev && present.st_ino == status.st_ino) {
            return {};  // already one file; to clear the place could remove the last name of it
        }
        QUERN_CHECK(clear(place, entry.path));
        linked = link();
    }
    if (const int err = errno; linked != 0) {
        return failed(err, entry.path);
    }
    return {};
}

Result<void> TreeUnpacker::add_file(
    const UnpackedEntry& entry, const std::function<Result<void>(int fd)>& write
) {
    QUERN_TRY(const Place place, open_place(entry));
    const auto create = [&place] {
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        return UniqueFd(::openat(place.parent, place.name.c_str(), flags, owner_access));
    };
    UniqueFd file = create();
    if (!file && errno == EEXIST) {
        QUERN_CHECK(clear(place, entry.path));
        file = create();
    }
    struct stat status = {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        const int err = errno;
        return failed(err, entry.path);
    }
    files_.emplace(status.st_dev, status.st_ino);
    QUERN_CHECK(write(file.get()));
    QUERN_CHECK(own(file.get(), entry.path));
    const auto times = times_of(entry);
    if (::fchmod(file.get(), (entry.mode & permission_bits) | owner_access) != 0 ||
        ::futimens(file.get(), times.data()) != 0) {
        const int err = errno;
        return failed(err, entry.path);
    }
    if (const int err = file.close(); err != 0) {
        return failed(err, entry.path);
    }
    return {};
}

Result<void> TreeUnpacker::finish() {
    for (const Directory& directory : directories_) {
        QUERN_CHECK(finish_directory(directory));
    }
    return {};
}

Result<void> TreeUnpacker::finish_directory(const Directory& directory) const {
    const UnpackedEntry& entry = directory.entry;
    const UniqueFd opened = open_inside(root_.fd(), entry.path, O_RDONLY | O_DIRECTORY);
    struct stat status = {};
    if (!opened || ::fstat(opened.get(), &status) != 0 ||
        directory.identity != Identity(status.st_dev, status.st_ino)) {
        // A link on the way was replaced by a later entry. Nobody can ask for the directory by this
        // name any more.
        return {};
    }
    const auto times = times_of(entry);
    if (::fchmod(opened.get(), (entry.mode & permission_bits) | S_IRWXU) != 0 ||
        ::futimens(opened.get(), times.data()) != 0) {
        const int err = errno;
        return failed(err, entry.path);
    }
    return {};
}

}  // namespace quern::archive
