// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/atomic_file.hpp"

#include "support/digest.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace quern {

namespace {

Result<std::string> random_suffix() {
    std::array<std::uint8_t, 8> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        const int err = errno;
        return Error::system(err, "asking for random bytes");
    }
    return to_hex(bytes);
}

/// Reads to the end, or to one byte over `limit`.
Result<std::string> read_to_end(int fd, std::size_t size_guess, std::uint64_t limit) {
    constexpr std::size_t smallest_piece = 4096;
    std::string content;
    std::size_t filled = 0;
    while (filled <= limit) {
        if (filled == content.size()) {
            const std::size_t more =
                std::max({smallest_piece, filled, filled == 0 ? size_guess + 1 : 0});
            content.resize(filled + more);
        }
        const ssize_t count = ::read(fd, content.data() + filled, content.size() - filled);
        if (count < 0) {
            const int err = errno;
            if (err == EINTR) {
                continue;
            }
            return Error::system(err, "reading");
        }
        if (count == 0) {
            break;
        }
        filled += static_cast<std::size_t>(count);
    }
    content.resize(filled);
    return content;
}

}  // namespace

AtomicFile::AtomicFile(UniqueFd fd, std::filesystem::path temporary, std::filesystem::path path)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), path_(std::move(path)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      temporary_(std::exchange(other.temporary_, {})),
      path_(std::exchange(other.path_, {})) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(temporary_, other.temporary_);
    std::swap(path_, other.path_);
    return *this;
}

AtomicFile::~AtomicFile() {
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path, mode_t mode) {
    QUERN_TRY(const std::string suffix, random_suffix());
    // A dot in front, so that a listing of "*.apk" never shows it.
    const auto name = fmt::format(".{}.{}", path.filename().string().substr(0, 200), suffix);
    std::filesystem::path temporary = path.parent_path() / name;
    UniqueFd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    if (!fd) {
        const int err = errno;
        Error error = Error::system(err, fmt::format("creating {}", path.string()));
        return err == ENOENT && path.has_parent_path()
                   ? std::move(error).help(fmt::format(
                         "make the directory first: mkdir -p {}", path.parent_path().string()
                     ))
                   : std::move(error);
    }
    AtomicFile file(std::move(fd), std::move(temporary), path);
    if (::fchmod(file.fd(), mode) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("setting the mode of {}", path.string()));
    }
    return file;
}

Result<void> AtomicFile::write(std::string_view bytes) {
    auto written = write_all(fd(), bytes);
    if (!written) {
        return std::move(written).error().context(fmt::format("writing {}", path_.string()));
    }
    return {};
}

Result<void> AtomicFile::commit() {
    QUERN_ASSERT(!temporary_.empty());
    // Without the flush a crash of the machine could leave the new name on an empty file.
    if (::fdatasync(fd()) != 0 && errno != EINVAL) {
        const int err = errno;
        return Error::system(err, fmt::format("writing {}", path_.string()));
    }
    if (const int err = fd_.close(); err != 0) {
        return Error::system(err, fmt::format("writing {}", path_.string()));
    }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("renaming to {}", path_.string()));
    }
    temporary_.clear();
    return {};
}

Result<void> write_file_atomically(
    const std::filesystem::path& path, std::string_view content, mode_t mode
) {
    QUERN_TRY(AtomicFile file, AtomicFile::create(path, mode));
    QUERN_CHECK(file.write(content));
    return file.commit();
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
    const auto action = fmt::format("reading {}", path.string());
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        const int err = errno;
        return Error::system(err, action);
    }
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0) {
        const int err = errno;
        return Error::system(err, action);
    }
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
    auto content = read_to_end(fd.get(), std::min(size, limit), limit);
    if (!content) {
        return std::move(content).error().context(path.string());
    }
    if (content->size() > limit) {
        return Error(
            ErrorCode::limit, fmt::format("{} is larger than {} bytes", path.string(), limit)
        );
    }
    return content;
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0) {
            const int err = errno;
            if (err == EINTR) {
                continue;
            }
            return Error::system(err, "writing");
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, Mode mode) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644));
    if (!fd && mode == Mode::shared && (errno == EACCES || errno == EROFS)) {
        fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    }
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening the lock {}", path.string()));
    }
    if (::flock(fd.get(), mode == Mode::shared ? LOCK_SH : LOCK_EX) != 0) {
        const int err = errno;
        // Only a signal with a handler ends the wait, and those that we handle ask to stop.
        if (err == EINTR) {
            return Error(
                ErrorCode::interrupted, fmt::format("stopped while waiting for {}", path.string())
            );
        }
        return Error::system(err, fmt::format("locking {}", path.string()));
    }
    return FileLock(std::move(fd));
}

}  // namespace quern
