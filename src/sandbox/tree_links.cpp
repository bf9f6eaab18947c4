// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree_links.hpp"

#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace quern::sandbox {

namespace {

constexpr mode_t all_bits = 07777;

Result<void> make_directory(const TreeEntry& entry, int parent, const std::string& name) {
    if (::mkdirat(parent, name.c_str(), S_IRWXU) != 0 ||
        ::fchownat(
            parent, name.c_str(), entry.status.st_uid, entry.status.st_gid, AT_SYMLINK_NOFOLLOW
        ) != 0 ||
        ::fchmodat(parent, name.c_str(), entry.status.st_mode & all_bits, 0) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making the directory {}", printable(entry.path)));
    }
    return {};
}

}  // namespace

Result<void> link_tree(const FileTree& from, const FileTree& to) {
    return from.walk("", [&](const TreeEntry& entry) -> Result<void> {
        QUERN_TRY(const auto parent, to.open_parent(entry.path));
        const int fd = parent.first.get();
        const std::string& name = parent.second;
        if (S_ISDIR(entry.status.st_mode)) {
            return make_directory(entry, fd, name);
        }
        // A link is linked itself.
        if (::linkat(entry.parent_fd, name.c_str(), fd, name.c_str(), 0) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("linking {}", printable(entry.path)));
        }
        return {};
    });
}

Result<void> replace_by_links(const FileTree& from, const std::filesystem::path& place) {
    QUERN_TRY(TempDir scratch, TempDir::create(place.parent_path(), ".links-"));
    QUERN_TRY(const FileTree made, FileTree::create(scratch.path() / "new"));
    QUERN_CHECK(link_tree(from, made));
    struct stat status = {};
    if (::fstat(from.fd(), &status) != 0 ||
        ::fchown(made.fd(), status.st_uid, status.st_gid) != 0 ||
        ::fchmod(made.fd(), status.st_mode & all_bits) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making {}", place.string()));
    }
    std::error_code failure;
    std::filesystem::rename(place, scratch.path() / "old", failure);
    std::filesystem::rename(scratch.path() / "new", place, failure);
    return {};
}

}  // namespace quern::sandbox
