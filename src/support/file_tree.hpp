// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

/// One thing below a directory, as `walk` finds it.
struct TreeEntry {
    std::string path;  ///< relative to the root of the FileTree, '/' between parts, no leading or
                       ///< trailing slash
    struct stat status = {};  ///< lstat
    std::string link_target;  ///< symbolic links only
    int parent_fd = -1;       ///< directory that holds it; valid during the call only
    std::string_view name() const;
};

/// A directory held by descriptor. Every operation takes a path relative to it and never leaves it:
/// links that point outside,
/// "..", absolute paths, empty parts and NUL are refused (openat2 RESOLVE_BENEATH; with `follow`
/// links inside are followed). Errors of all methods: io, not_found; invalid_data for a path that
/// is refused.
class FileTree {
 public:
    static Result<FileTree> open(const std::filesystem::path& directory);
    /// Makes the directory (and its parents, 0755) if it is missing.
    static Result<FileTree> create(const std::filesystem::path& directory);
    explicit FileTree(UniqueFd directory) : directory_(std::move(directory)) {}

    int fd() const { return directory_.get(); }
    /// Opens a directory below.
    Result<FileTree> subtree(std::string_view path) const;

    /// Opens a regular file (or, with O_DIRECTORY, a directory) for reading. Never blocks on a
    /// FIFO.
    Result<UniqueFd> open_file(std::string_view path, int flags = 0) const;
    Result<std::string> read(std::string_view path, std::uint64_t limit = std::uint64_t{64} << 20U)
        const;
    /// lstat: the last part is not followed.
    Result<struct stat> status(std::string_view path) const;
    bool exists(std::string_view path) const;

    /// Makes directories as `mkdir -p`; `mode` for those that are made, whatever the umask.
    Result<void> make_directories(std::string_view path, mode_t mode = 0755) const;
    /// Creates or truncates; parents must exist. The mode is set exactly, whatever the umask.
    Result<void> write(std::string_view path, std::string_view content, mode_t mode = 0644) const;
    Result<void> make_symlink(std::string_view path, const std::string& target) const;
    /// Removes a file or a whole directory; odd modes and links in it are no obstacle. A missing
    /// path is success.
    Result<void> remove(std::string_view path) const;

    /// Calls `visit` for everything below `path` (itself left out) in depth-first order, each
    /// directory's names in byte order, a directory before its content. Links are not followed,
    /// file systems not left. Stops at the first error of `visit`. More than 256 levels are an
    /// error (limit).
    Result<void> walk(
        std::string_view path, const std::function<Result<void>(const TreeEntry&)>& visit
    ) const;

    /// `path` split in its parent and last part, the parent opened beneath this root ("usr/lib" of
    /// "usr/lib/x").
    Result<std::pair<UniqueFd, std::string>> open_parent(std::string_view path) const;

 private:
    UniqueFd directory_;
};

/// True for "a/b": relative, no empty, "." or ".." part, no NUL, parts of at most 255 and a whole
/// of at most 4,095 bytes.
bool is_confined_path(std::string_view path);

/// Removes a directory tree by path without following links; missing is success.
Result<void> remove_tree(const std::filesystem::path& path);

/// Extended attributes of an open file, by name in byte order.
Result<std::vector<std::pair<std::string, std::string>>> read_xattrs(
    int parent_fd, const std::string& name
);

}  // namespace quern
