// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace quern {

/// A file that appears under its name complete or not at all. Written under a random name in the
/// same directory, removed unless `commit` succeeds.
class AtomicFile {
 public:
    /// `mode` is set exactly, whatever the umask. Errors: not_found (no such directory), io.
    static Result<AtomicFile> create(const std::filesystem::path& path, mode_t mode = 0644);
    AtomicFile(AtomicFile&&) noexcept;
    AtomicFile& operator=(AtomicFile&&) noexcept;
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    int fd() const { return fd_.get(); }
    Result<void> write(std::string_view bytes);
    /// Flushes to disk, closes and renames over the path.
    Result<void> commit();
    const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
    AtomicFile(UniqueFd fd, std::filesystem::path temporary, std::filesystem::path path);
    UniqueFd fd_;
    std::filesystem::path temporary_;
    std::filesystem::path path_;
};

/// The whole file at once through AtomicFile.
Result<void> write_file_atomically(
    const std::filesystem::path& path, std::string_view content, mode_t mode = 0644
);

/// Reads a whole file. Errors: not_found, io, limit.
Result<std::string> read_file(
    const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{1} << 30U
);

/// Writes all bytes, whatever the kernel takes at a time.
Result<void> write_all(int fd, std::string_view bytes);

/// An advisory lock on a file that is created if missing; waits for other processes. Released by
/// the destructor or the death of the process.
class FileLock {
 public:
    enum class Mode { shared, exclusive };
    static Result<FileLock> acquire(const std::filesystem::path& path, Mode mode);

 private:
    explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace quern
