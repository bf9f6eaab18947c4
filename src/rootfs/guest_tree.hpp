// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/guest_ids.hpp"
#include "support/handle.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace quern::rootfs {

/// Owner and mode by guest ids.
struct Attributes {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0644;
    std::int64_t mtime = 0;  ///< seconds since 1970
};

/// A root tree as its guest sees it: links are followed inside the root, absolute ones from the
/// root, and ".." of the root is the root (openat2 RESOLVE_IN_ROOT). Nothing outside is ever
/// reached. Paths are relative ("usr/bin") or absolute in the guest. Errors of all methods: io,
/// not_found, with the path.
class GuestTree {
 public:
    GuestTree(int root, GuestIds ids) : root_(root), ids_(ids) {}  ///< `root` must outlive this

    int fd() const { return root_; }
    const GuestIds& ids() const { return ids_; }

    Result<UniqueFd> open_directory(std::string_view path) const;
    /// The directory that holds the last part of `path`, and that part. Errors: invalid_data if
    /// there is no last part.
    Result<std::pair<UniqueFd, std::string>> open_parent(std::string_view path) const;
    /// Nothing if there is no such thing. `follow` goes through a link in the last part.
    std::optional<struct stat> status(std::string_view path, bool follow = false) const;
    /// Text of a symbolic link; nothing for anything else.
    std::optional<std::string> link_target(std::string_view path) const;
    Result<std::string> read(std::string_view path) const;

    /// As mkdir -p; what exists keeps its attributes.
    Result<void> make_directories(
        std::string_view path, const Attributes& attributes = {.mode = 0755}
    ) const;
    /// Replaces what is there, unless it is a directory. Parents must exist.
    Result<void> write(
        std::string_view path, std::string_view content, const Attributes& attributes
    ) const;
    /// Nothing may be there.
    Result<void> make_symlink(
        std::string_view path, const std::string& target, std::int64_t mtime = 0
    ) const;

    /// Owner, mode and time of `name` in an open directory; a link's own owner and time (it has no
    /// mode).
    Result<void> set_attributes(
        int parent, const std::string& name, const Attributes& attributes, bool is_link
    ) const;

 private:
    UniqueFd open(std::string_view path, int flags) const;
    int root_;
    GuestIds ids_;
};

/// "usr/bin" and "sh" of "usr/bin/sh"; the first is empty if there is no slash.
std::pair<std::string_view, std::string_view> split_path(std::string_view path);

/// The time that everything without one of its own has: the start of 1970.
timespec to_timespec(std::int64_t seconds);

}  // namespace quern::rootfs
