// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::image {

/// What a file of an image holds: a text in memory, or bytes in the spool of the packages.
struct FileContent {
    std::string text;
    bool is_spooled = false;
    std::uint64_t offset = 0;  ///< in the spool
    std::uint64_t size = 0;    ///< in the spool

    std::uint64_t size_bytes() const { return is_spooled ? size : text.size(); }
};

constexpr std::uint32_t no_package = 0xffffffffU;

struct Inode;

/// A name in a directory. Several may stand for one inode.
struct Name {
    std::shared_ptr<Inode> inode;
    /// Of a hard link that a package brought: the path that it is a further name of. Written to a
    /// layer as a link; without it as a copy.
    std::string link_path;
};

struct Inode {
    archive::TarType type = archive::TarType::file;
    std::uint32_t mode = 0;  ///< 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::string link_target;  ///< of a symbolic link
    FileContent content;
    std::vector<std::pair<std::string, std::string>> xattrs;  ///< "SCHILY.xattr.NAME", value
    std::uint32_t package = no_package;                       ///< that brought it
    std::string checksum;  ///< hex SHA-1, of what a package brought
    std::map<std::string, Name, std::less<>> children;

    bool is_directory() const { return type == archive::TarType::directory; }
    bool is_symlink() const { return type == archive::TarType::symlink; }
    bool is_file() const { return type == archive::TarType::file; }
};

/// The root file system of an image in memory. Nothing of it is ever on disk, so no path can lead
/// out of it: ".." of the root is the root, absolute links start there. Errors of all methods:
/// not_found, invalid_data, with the path.
class RootTree {
 public:
    RootTree();

    Inode& root() { return *root_; }
    const Inode& root() const { return *root_; }

    /// Where `path` is or would be: its parent must be there, the last part is not followed.
    struct Place {
        Inode* directory = nullptr;
        std::string name;
        Name* entry = nullptr;  ///< nothing there: nullptr
    };
    Result<Place> place(std::string_view path);

    /// Nothing if it is not there. `follow`: through a link in the last part too.
    Inode* find(std::string_view path, bool follow = true);
    const Inode* find(std::string_view path, bool follow = true) const;

    /// As mkdir -p through links; what is there stays as it is. Gives the directory.
    Result<Inode*> make_directories(
        std::string_view path, std::uint32_t mode = 0755, std::int64_t mtime = 0
    );
    /// Makes the file, or replaces what a file or the target of a link holds: its mode, owner and
    /// date stay.
    Result<Inode*> write(std::string_view path, std::string text, std::uint32_t mode = 0644);
    /// Nothing may be there.
    Result<Inode*> add_symlink(std::string_view path, std::string target, std::int64_t mtime);
    /// Nothing may be there; parents must be.
    Result<Inode*> add(std::string_view path, Inode inode);

 private:
    Inode* walk(Inode* from, std::string_view path, bool follow_last, int& links_left) const;
    std::shared_ptr<Inode> root_;
};

/// "/usr/bin" without the slash in front; "" for the root.
std::string_view without_root(std::string_view path);

}  // namespace quern::image
