// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/owner_note.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <string>

namespace quern::sandbox {

namespace {

bool has_attributes(const struct stat& status) {
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/// Attributes are refused to descriptors of O_PATH; the link in /proc leads to the same file.
std::string path_of(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

int note_in_attribute(int fd, const OwnerRecord& owner) {
    const std::string path = path_of(fd);
    if (owner == OwnerRecord{}) {
        const bool is_gone = ::removexattr(path.c_str(), owner_attribute) == 0;
        return is_gone || errno == ENODATA || errno == EOPNOTSUPP ? 0 : errno;
    }
    const std::string text = owner.to_string();
    return ::setxattr(path.c_str(), owner_attribute, text.data(), text.size(), 0) == 0 ? 0 : errno;
}

int note_in_time(int fd, const OwnerRecord& owner) {
    std::array<timespec, 2> times = {};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    if (owner != OwnerRecord{}) {
        times[1] = owner.to_link_time();
    }
    if (::utimensat(fd, "", times.data(), AT_EMPTY_PATH) != 0) {
        return errno;
    }
    struct stat status = {};
    return ::fstat(fd, &status) == 0 && noted_owner(fd, status) == owner ? 0 : EOPNOTSUPP;
}

}  // namespace

OwnerRecord noted_owner(int fd, const struct stat& status) {
    if (S_ISLNK(status.st_mode)) {
        return OwnerRecord::of_link_time(status.st_mtim).value_or(OwnerRecord{});
    }
    std::array<char, 64> text = {};
    const ssize_t size =
        has_attributes(status)
            ? ::getxattr(path_of(fd).c_str(), owner_attribute, text.data(), text.size())
            : 0;
    return OwnerRecord::parse({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0})
        .value_or(OwnerRecord{});
}

int note_owner(int fd, const struct stat& status, const OwnerRecord& owner) {
    if (S_ISLNK(status.st_mode)) {
        return note_in_time(fd, owner);
    }
    return has_attributes(status) ? note_in_attribute(fd, owner) : 0;
}

}  // namespace quern::sandbox
