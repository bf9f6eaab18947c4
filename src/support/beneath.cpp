// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/beneath.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace quern {

namespace {

using DirectoryStream = Handle<DIR, &::closedir>;

bool is_dot_name(std::string_view name) {
    return name == "." || name == "..";
}

}  // namespace

UniqueFd open_beneath(int directory, const char* path, int flags, std::uint64_t resolve) noexcept {
    open_how how = {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = resolve;
    constexpr int attempts = 64;
    long fd = -1;
    // EAGAIN: something was renamed meanwhile and the kernel could not tell whether the path stayed
    // inside.
    for (int i = 0; i < attempts; ++i) {
        fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
    }
    return UniqueFd(static_cast<int>(fd));
}

UniqueFd open_directory(int parent, const char* name) noexcept {
    constexpr std::uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    return open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve);
}

Result<std::vector<std::string>> list_names(int directory) {
    UniqueFd copy = open_beneath(directory, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
    const DirectoryStream stream(copy ? ::fdopendir(copy.get()) : nullptr);
    if (!stream) {
        const int err = errno;
        return Error::system(err, "listing a directory");
    }
    copy.release();  // the stream closes it
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(stream.get());
        if (entry == nullptr) {
            const int err = errno;
            if (err != 0) {
                return Error::system(err, "listing a directory");
            }
            return names;
        }
        if (!is_dot_name(entry->d_name)) {
            names.emplace_back(entry->d_name);
        }
    }
}

}  // namespace quern
