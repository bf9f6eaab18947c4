// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/file_tree.hpp"
#include "support/guest_ids.hpp"
#include "support/handle.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::archive {

/// What all kinds of entries have. `path` is confined (is_confined_path).
struct UnpackedEntry {
    std::string path;
    mode_t mode = 0;         ///< only the lower nine bits are used
    std::int64_t mtime = 0;  ///< seconds since 1970
};

/// Puts the entries of an archive on disk beneath a directory. Links on disk or from the archive
/// are followed only on the way to an entry's directory, and only as long as they stay beneath; the
/// last part is always replaced, never followed. A later entry of the same name wins, but nothing
/// replaces a directory. Directories are made as needed, with the time of the entry that needs
/// them. Errors: invalid_data (a place that cannot be), io.
class TreeUnpacker {
 public:
    TreeUnpacker(const FileTree& root, GuestIds owner) : root_(root), owner_(owner) {}

    Result<void> add_directory(const UnpackedEntry& entry);
    Result<void> add_symlink(const UnpackedEntry& entry, const std::string& target);
    /// `target` is the path of a file that this object made before.
    Result<void> add_hard_link(const UnpackedEntry& entry, const std::string& target);
    /// Calls `write` with a descriptor of the new file.
    Result<void> add_file(
        const UnpackedEntry& entry, const std::function<Result<void>(int fd)>& write
    );
    /// Gives the directories their modes and times: they would not let us in, or would change,
    /// before.
    Result<void> finish();

 private:
    using Identity = std::pair<dev_t, ino_t>;
    struct Directory {
        UnpackedEntry entry;
        Identity identity;
    };
    struct Place {
        int parent;  ///< owned by parent_
        std::string name;
    };

    Result<Place> open_place(const UnpackedEntry& entry);
    Result<UniqueFd> open_parent(std::string_view path, std::int64_t mtime);
    Result<UniqueFd> make_parents(std::string_view path, std::int64_t mtime);
    Result<bool> make_directory(int parent, const std::string& name, UnpackedEntry entry);
    Result<void> clear(const Place& place, std::string_view path);
    Result<void> own(int fd, std::string_view path) const;
    Result<void> finish_directory(const Directory& directory) const;

    const FileTree& root_;
    GuestIds owner_;
    std::string parent_path_;  ///< of parent_, the directory of the last entry: most entries share
                               ///< theirs with it
    UniqueFd parent_;
    bool is_parent_stale_ = false;
    std::set<Identity> files_;  ///< that hard links may point to
    std::vector<Directory> directories_;
};

}  // namespace quern::archive
