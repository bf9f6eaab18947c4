// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/unnamed_file.hpp"

#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace quern {

namespace {

Result<void> make_directory(const std::filesystem::path& directory) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", directory.string()));
    }
    return {};
}

/// False if the file has a name, or lies on another file system: then it must be copied. The first
/// link goes to a name of its own, since linkat does not replace.
Result<bool> link_to(int fd, const std::filesystem::path& path, const NameOptions& options) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0 || status.st_nlink != 0) {
        return false;
    }
    if (::fchmod(fd, 0644) != 0 || (options.is_durable && ::fdatasync(fd) != 0)) {
        const int err = errno;
        return Error::system(err, fmt::format("keeping {}", path.string()));
    }
    const std::string source = fmt::format("/proc/self/fd/{}", fd);
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        return true;
    }
    if (errno != EEXIST) {
        return false;
    }
    QUERN_TRY(const AtomicFile placeholder, AtomicFile::create(path));
    const std::string name = placeholder.temporary_path().string() + ".link";
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0 ||
        ::rename(name.c_str(), path.c_str()) != 0) {
        const int err = errno;
        ::unlink(name.c_str());
        return Error::system(err, fmt::format("keeping {}", path.string()));
    }
    return true;
}

Result<void> copy_to(int fd, const std::filesystem::path& path) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(path));
    std::array<char, std::size_t{1} << 16U> buffer;
    off_t offset = 0;
    while (true) {
        const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (count < 0) {
            const int err = errno;
            if (err == EINTR) {
                continue;
            }
            return Error::system(err, fmt::format("reading what goes to {}", path.string()));
        }
        if (count == 0) {
            break;
        }
        QUERN_CHECK(file.write({buffer.data(), static_cast<std::size_t>(count)}));
        offset += count;
    }
    return file.commit();
}

}  // namespace

Result<UniqueFd> make_unnamed_file(const std::filesystem::path& directory) {
    QUERN_CHECK(make_directory(directory));
    UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!fd) {
        // Not every file system has O_TMPFILE.
        std::string name = (directory / ".fetch.XXXXXX").string();
        fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (!fd) {
            const int err = errno;
            return Error::system(err, fmt::format("making a file in {}", directory.string()));
        }
        ::unlink(name.c_str());
    }
    return fd;
}

Result<UniqueFd> reopen_for_reading(int fd) {
    UniqueFd reopened(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC));
    if (!reopened) {
        const int err = errno;
        return Error::system(err, "opening a download again");
    }
    return reopened;
}

Result<void> empty_file(int fd) {
    if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "emptying a download");
    }
    return {};
}

Result<void> give_name(int fd, const std::filesystem::path& path, const NameOptions& options) {
    QUERN_CHECK(make_directory(path.parent_path()));
    QUERN_TRY(const bool is_linked, link_to(fd, path, options));
    return is_linked ? Result<void>() : copy_to(fd, path);
}

}  // namespace quern
