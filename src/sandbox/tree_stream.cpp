// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Reading goes in two passes: the names and contents first, by the unpacker that all archives go
// through, then owners, modes and attributes from the last entry to the first, so that a directory
// that lets nobody in is closed when all below it is done.
#include "sandbox/tree_stream.hpp"

#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"
#include "archive/tree_unpacker.hpp"
#include "sandbox/owner_note.hpp"
#include "support/atomic_file.hpp"
#include "support/owner_record.hpp"
#include "support/text.hpp"
#include "support/unnamed_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace quern::sandbox {

namespace {

using archive::TarEntry;
using archive::TarType;

constexpr std::string_view xattr_record = "SCHILY.xattr.";
constexpr mode_t all_bits = 07777;
constexpr std::size_t piece_bytes = std::size_t{256} << 10U;

TarType type_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFDIR:
            return TarType::directory;
        case S_IFLNK:
            return TarType::symlink;
        case S_IFIFO:
            return TarType::fifo;
        case S_IFCHR:
            return TarType::character_device;
        case S_IFBLK:
            return TarType::block_device;
        default:
            return TarType::file;
    }
}

class TreeWriter {
 public:
    TreeWriter(const GuestIds& ids, archive::ByteSink& sink) : ids_(ids), tar_(sink) {}
    Result<void> add(const TreeEntry& entry);
    Result<void> finish() { return tar_.finish_with_end_blocks(); }

 private:
    Result<TarEntry> describe(const TreeEntry& entry);
    Result<void> add_content(const TreeEntry& entry);
    const GuestIds& ids_;
    archive::TarWriter tar_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

Result<TarEntry> TreeWriter::describe(const TreeEntry& entry) {
    TarEntry described;
    described.type = type_of(entry.status.st_mode);
    described.path = entry.path;
    described.link_target = entry.link_target;
    described.mode = entry.status.st_mode & all_bits;
    described.uid = ids_.to_guest(entry.status.st_uid);
    described.gid = ids_.to_guest(entry.status.st_gid);
    described.mtime = entry.status.st_mtim.tv_sec;
    described.device_major = major(entry.status.st_rdev);
    described.device_minor = minor(entry.status.st_rdev);
    if (entry.status.st_mtim.tv_nsec != 0) {
        described.records.emplace_back(
            "mtime",
            fmt::format("{}.{:09}", entry.status.st_mtim.tv_sec, entry.status.st_mtim.tv_nsec)
        );
    }
    described.size =
        described.type == TarType::file ? static_cast<std::uint64_t>(entry.status.st_size) : 0;
    OwnerRecord owner = {described.uid, described.gid};
    if (described.type == TarType::symlink && ids_.count <= 1) {
        owner = OwnerRecord::of_link_time(entry.status.st_mtim).value_or(owner);
    }
    if (described.type == TarType::file || described.type == TarType::directory) {
        QUERN_TRY(auto attributes, read_xattrs(entry.parent_fd, std::string(entry.name())));
        owner = ids_.count <= 1 ? take_owner(attributes).value_or(owner) : owner;
        for (const auto& [name, value] : attributes) {
            described.records.emplace_back(std::string(xattr_record) + name, value);
        }
    }
    described.uid = owner.uid;
    described.gid = owner.gid;
    return described;
}

Result<void> TreeWriter::add_content(const TreeEntry& entry) {
    const std::string name(entry.name());
    const UniqueFd fd(::openat(entry.parent_fd, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", printable(entry.path)));
    }
    std::vector<char> buffer(piece_bytes);
    for (auto left = static_cast<std::uint64_t>(entry.status.st_size); left > 0;) {
        const std::size_t wanted = std::min<std::uint64_t>(left, buffer.size());
        const ssize_t count = ::read(fd.get(), buffer.data(), wanted);
        const int err = errno;
        if (count < 0 && err == EINTR) {
            continue;
        }
        if (count <= 0) {
            return Error::system(
                count < 0 ? err : EIO, fmt::format("reading {}", printable(entry.path))
            );
        }
        QUERN_CHECK(tar_.write_content({buffer.data(), static_cast<std::size_t>(count)}));
        left -= static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> TreeWriter::add(const TreeEntry& entry) {
    if (S_ISSOCK(entry.status.st_mode)) {
        return {};
    }
    QUERN_TRY(TarEntry described, describe(entry));
    if (!S_ISDIR(entry.status.st_mode) && entry.status.st_nlink > 1) {
        const auto [first, is_new] =
            first_names_.try_emplace({entry.status.st_dev, entry.status.st_ino}, entry.path);
        if (!is_new) {
            described.type = TarType::hard_link;
            described.link_target = first->second;
            described.size = 0;
            described.records.clear();
        }
    }
    QUERN_CHECK(tar_.add(described));
    return described.type == TarType::file && described.size > 0 ? add_content(entry)
                                                                 : Result<void>();
}

class TreeReplacer {
 public:
    TreeReplacer(const FileTree& tree, const GuestIds& ids)
        : tree_(tree), ids_(ids), unpacker_(tree, ids) {}
    Result<void> add(TarEntry entry, archive::TarReader& reader);
    Result<void> finish();

 private:
    Result<void> add_file(const archive::UnpackedEntry& entry, archive::TarReader& reader);
    Result<void> add_fifo(const archive::UnpackedEntry& entry);
    Result<void> set_attributes(const TarEntry& entry) const;
    const FileTree& tree_;
    const GuestIds& ids_;
    archive::TreeUnpacker unpacker_;
    std::vector<TarEntry> entries_;  ///< without content; hard links left out
};

Result<void> TreeReplacer::add_file(
    const archive::UnpackedEntry& entry, archive::TarReader& reader
) {
    return unpacker_.add_file(entry, [&](int fd) -> Result<void> {
        std::vector<char> buffer(piece_bytes);
        for (;;) {
            QUERN_TRY(const std::size_t count, reader.read(buffer));
            if (count == 0) {
                return {};
            }
            QUERN_CHECK(write_all(fd, {buffer.data(), count}));
        }
    });
}

Result<void> TreeReplacer::add_fifo(const archive::UnpackedEntry& entry) {
    QUERN_TRY(const auto parent, tree_.open_parent(entry.path));
    if (::mkfifoat(parent.first.get(), parent.second.c_str(), entry.mode) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making {}", printable(entry.path)));
    }
    return {};
}

Result<void> TreeReplacer::add(TarEntry entry, archive::TarReader& reader) {
    const archive::UnpackedEntry plain = {entry.path, entry.mode, entry.mtime};
    switch (entry.type) {
        case TarType::file:
            QUERN_CHECK(add_file(plain, reader));
            break;
        case TarType::directory:
            QUERN_CHECK(unpacker_.add_directory(plain));
            break;
        case TarType::symlink:
            QUERN_CHECK(unpacker_.add_symlink(plain, entry.link_target));
            break;
        case TarType::fifo:
            QUERN_CHECK(add_fifo(plain));
            break;
        case TarType::hard_link:
            return unpacker_.add_hard_link(plain, entry.link_target);
        default:
            return Error(
                ErrorCode::invalid_data,
                fmt::format("{} is a device: no step can have made it", printable(entry.path))
            );
    }
    entries_.push_back(std::move(entry));
    return {};
}

// Here everything belongs to one user.
Result<void> record_owner(int parent, const std::string& name, const TarEntry& entry) {
    const OwnerRecord owner = {entry.uid, entry.gid};
    if (owner == OwnerRecord{}) {
        return {};
    }
    const UniqueFd file(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    const bool is_open = file && ::fstat(file.get(), &status) == 0;
    const int err = is_open ? note_owner(file.get(), status, owner) : errno;
    if (err == 0) {
        return {};
    }
    const std::string what =
        fmt::format("noting that {} belongs to {}", printable(entry.path), owner.to_string());
    return Error(Error::system(err, what))
        .help(
            "this user has a single id (`quern doctor`), and the file system of --cache-root takes "
            "no attributes: name a place on another one"
        );
}

Result<void> TreeReplacer::set_attributes(const TarEntry& entry) const {
    QUERN_TRY(const auto parent, tree_.open_parent(entry.path));
    const int fd = parent.first.get();
    const char* const name = parent.second.c_str();
    const uid_t owner = ids_.to_host(entry.uid);
    const gid_t group = ids_.to_host(entry.gid);
    const bool is_owned =
        ids_.count <= 1 || ::fchownat(fd, name, owner, group, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_owned ||
        (entry.type != TarType::symlink && ::fchmodat(fd, name, entry.mode & all_bits, 0) != 0)) {
        const int err = errno;
        return Error::system(err, fmt::format("giving {} its owner", printable(entry.path)));
    }
    if (ids_.count <= 1) {
        QUERN_CHECK(record_owner(fd, parent.second, entry));
    }
    if (entry.type != TarType::file && entry.type != TarType::directory) {
        return {};
    }
    const std::string path = fmt::format("/proc/self/fd/{}/{}", fd, parent.second);
    for (const auto& [key, value] : entry.records) {
        if (key.starts_with(xattr_record)) {
            // What this file system or user cannot hold is no part of a package either.
            std::ignore = ::lsetxattr(
                path.c_str(), key.c_str() + xattr_record.size(), value.data(), value.size(), 0
            );
        }
    }
    return {};
}

Result<void> TreeReplacer::finish() {
    QUERN_CHECK(unpacker_.finish());
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
        QUERN_CHECK(set_attributes(*entry));
    }
    return {};
}

Result<void> set_root(const FileTree& tree, const GuestIds& ids, const TarEntry& entry) {
    const bool is_owned =
        ids.count <= 1 || ::fchown(tree.fd(), ids.to_host(entry.uid), ids.to_host(entry.gid)) == 0;
    if (!is_owned || ::fchmod(tree.fd(), entry.mode & all_bits) != 0) {
        const int err = errno;
        return Error::system(err, "giving the workspace its owner");
    }
    return {};
}

Result<void> empty(const FileTree& tree) {
    std::vector<std::string> names;
    QUERN_CHECK(tree.walk("", [&](const TreeEntry& entry) -> Result<void> {
        if (entry.path.find('/') == std::string::npos) {
            names.push_back(entry.path);
        }
        return {};
    }));
    for (const std::string& name : names) {
        QUERN_CHECK(tree.remove(name));
    }
    return {};
}

/// False: the entry is the root itself. Errors: invalid_data.
Result<bool> strip(std::string& path, std::string_view prefix) {
    if (prefix.empty()) {
        return true;
    }
    const std::string_view rest =
        std::string_view(path).substr(std::min(prefix.size(), path.size()));
    if (path.starts_with(prefix) && rest.empty()) {
        return false;
    }
    if (!path.starts_with(prefix) || !rest.starts_with('/') || !is_confined_path(rest.substr(1))) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("the guest's tree has an entry out of its place: {}", printable(path))
        );
    }
    path = std::string(rest.substr(1));
    return true;
}

}  // namespace

Result<void> write_tree(
    const FileTree& tree,
    const GuestIds& ids,
    archive::ByteSink& sink,
    const std::function<bool(const TreeEntry&)>& is_wanted
) {
    TreeWriter writer(ids, sink);
    QUERN_CHECK(tree.walk("", [&](const TreeEntry& entry) {
        return is_wanted && !is_wanted(entry) ? Result<void>() : writer.add(entry);
    }));
    return writer.finish();
}

Result<void> replace_tree(
    const FileTree& tree, const GuestIds& ids, archive::ByteSource& source, std::string_view prefix
) {
    QUERN_CHECK(empty(tree));
    archive::TarReader reader(source);
    TreeReplacer replacer(tree, ids);
    std::optional<TarEntry> root;
    for (;;) {
        QUERN_TRY(std::optional<TarEntry> entry, reader.next());
        if (!entry) {
            break;
        }
        QUERN_TRY(const bool is_below, strip(entry->path, prefix));
        if (!is_below) {
            root = std::move(entry);
            continue;
        }
        if (entry->type == TarType::hard_link) {
            QUERN_CHECK(strip(entry->link_target, prefix));
        }
        QUERN_CHECK(replacer.add(std::move(*entry), reader));
    }
    QUERN_CHECK(replacer.finish());
    return root ? set_root(tree, ids, *root) : Result<void>();
}

Result<void> copy_tree(
    const FileTree& from,
    const FileTree& to,
    const GuestIds& ids,
    const std::filesystem::path& scratch
) {
    QUERN_TRY(const UniqueFd file, make_unnamed_file(scratch));
    archive::FdSink sink(file.get());
    QUERN_CHECK(write_tree(from, ids, sink, {}));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        const int err = errno;
        return Error::system(err, "rewinding the copy of a tree");
    }
    archive::FdSource source(file.get());
    return replace_tree(to, ids, source, {});
}

}  // namespace quern::sandbox
