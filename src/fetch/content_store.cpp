// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/content_store.hpp"

#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace quern::fetch {

namespace {

std::string_view prefix_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha1:
            return "sha1:";
        case DigestKind::sha256:
            return "sha256:";
        case DigestKind::sha512:
            return "sha512:";
    }
    return "";
}

std::string name_of(const Digest& digest) {
    return std::string(prefix_of(digest.kind())) + digest.hex();
}

/// Opens a regular file; nothing if there is none. O_NONBLOCK, so that a FIFO cannot hold us up.
Result<std::optional<UniqueFd>> open_regular(const std::filesystem::path& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int err = errno;
        if (err == ENOENT || err == ENOTDIR) {
            return std::optional<UniqueFd>();
        }
        return Error::system(err, fmt::format("opening {}", path.string()));
    }
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::optional<UniqueFd>();
    }
    return std::optional<UniqueFd>(std::move(fd));
}

Result<void> make_directory(const std::filesystem::path& directory) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    if (code) {
        return Error::system(code.value(), fmt::format("making {}", directory.string()));
    }
    return {};
}

/// Gives a file without a name (O_TMPFILE) the name `path`. False if that cannot be done with `fd`.
/// The first link goes to a name of its own, since linkat does not replace.
Result<bool> name_unnamed_file(int fd, const std::filesystem::path& path) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0 || status.st_nlink != 0) {
        return false;
    }
    QUERN_TRY(const AtomicFile placeholder, AtomicFile::create(path));
    const std::string name = placeholder.temporary_path().string() + ".link";
    const std::string source = fmt::format("/proc/self/fd/{}", fd);
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        return false;  // another file system, or one that was unlinked: the caller copies
    }
    const bool is_kept = ::fchmod(fd, 0644) == 0 && ::fdatasync(fd) == 0 &&
                         ::rename(name.c_str(), path.c_str()) == 0;
    if (!is_kept) {
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

ContentStore::ContentStore(std::vector<std::filesystem::path> directories)
    : directories_(std::move(directories)) {}

std::filesystem::path ContentStore::path_of(const Digest& digest) const {
    QUERN_ASSERT(!directories_.empty());
    return directories_.front() / name_of(digest);
}

Result<std::optional<UniqueFd>> ContentStore::find(const Digest& digest) const {
    for (const auto& directory : directories_) {
        const std::filesystem::path path = directory / name_of(digest);
        QUERN_TRY(std::optional<UniqueFd> fd, open_regular(path));
        if (!fd) {
            continue;
        }
        QUERN_TRY(const Digest actual, digest_of_fd(digest.kind(), fd->get()));
        if (actual == digest) {
            if (::lseek(fd->get(), 0, SEEK_SET) != 0) {
                const int err = errno;
                return Error::system(err, fmt::format("rewinding {}", path.string()));
            }
            return fd;
        }
        ::unlink(path.c_str()
        );  // may be a directory that we only read: then the file is passed over each time
    }
    return std::optional<UniqueFd>();
}

Result<void> ContentStore::insert(const Digest& digest, int fd) const {
    const std::filesystem::path path = path_of(digest);
    QUERN_CHECK(make_directory(directories_.front()));
    QUERN_TRY(const bool is_named, name_unnamed_file(fd, path));
    return is_named ? Result<void>() : copy_to(fd, path);
}

Result<UniqueFd> ContentStore::temporary() const {
    QUERN_ASSERT(!directories_.empty());
    const std::filesystem::path& directory = directories_.front();
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

}  // namespace quern::fetch
