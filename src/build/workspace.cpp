// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/workspace.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quern::build {
namespace {

Result<void> give(int parent_fd, const std::string& name, const GuestIds& ids) {
    if (ids.count <= 1) {
        return {};
    }
    const std::uint32_t root = ids.to_host(0);
    if (::fchownat(parent_fd, name.c_str(), root, root, AT_SYMLINK_NOFOLLOW) != 0) {
        return Error::system(errno, fmt::format("giving {} to the guest", name));
    }
    return {};
}

}  // namespace

Result<Workspace> Workspace::create(
    const std::filesystem::path& parent, const std::filesystem::path& fixed, const GuestIds& ids
) {
    QUERN_TRY(
        Scratch scratch, fixed.empty() ? Scratch::create(parent, "build-") : Scratch::adopt(fixed)
    );
    QUERN_TRY(const FileTree root, FileTree::open(scratch.path()));
    for (const char* name : {"home", "overlay"}) {
        QUERN_CHECK(root.remove(name));
        QUERN_CHECK(root.make_directories(name));
    }
    QUERN_CHECK(give(root.fd(), "home", ids));
    QUERN_TRY(FileTree home, root.subtree("home"));
    return Workspace(std::move(scratch), std::move(home), ids);
}

Result<void> Workspace::use_home(const std::filesystem::path& root, std::string_view directory) {
    QUERN_TRY(const FileTree tree, FileTree::open(root));
    if (!tree.exists(directory)) {
        const std::string_view parent = directory.substr(0, directory.find('/'));
        const std::string_view made = tree.exists(parent) ? directory : parent;
        QUERN_CHECK(tree.make_directories(directory));
        QUERN_CHECK(give_to_guest(tree, made, ids_));
    }
    QUERN_TRY(home_, tree.subtree(directory));
    home_path_ = root / directory;
    // The account `build` may have made it for itself, but steps are root's unless `run-as` says
    // otherwise: git refuses to work in a directory of somebody else.
    const uid_t owner = ids_.to_host(0);
    if ((ids_.count > 1 && ::fchown(home_.fd(), owner, owner) != 0) ||
        ::fchmod(home_.fd(), 0755) != 0) {
        const int err = errno;
        return Error::system(err, "giving the workspace to the steps");
    }
    return {};
}

void Workspace::close_home() {
    home_ = FileTree(UniqueFd());
}

Result<void> Workspace::make_output(std::string_view package) const {
    const std::string path = fmt::format("{}/{}", output_directory, package);
    if (home_.exists(path)) {
        return {};
    }
    const bool has_parent = home_.exists(output_directory);
    QUERN_CHECK(home_.make_directories(path));
    return give_to_guest(home_, has_parent ? path : std::string(output_directory), ids_);
}

Result<void> Workspace::give_home(std::uint32_t uid, std::uint32_t gid) const {
    if (ids_.count <= 1) {
        return {};
    }
    const uid_t owner = ids_.to_host(uid);
    const gid_t group = ids_.to_host(gid);
    if (::fchown(home_.fd(), owner, group) != 0) {
        const int err = errno;
        return Error::system(err, "giving the workspace to the user of the steps");
    }
    return home_.walk("", [&](const TreeEntry& entry) -> Result<void> {
        const std::string name(entry.name());
        // A change of nothing would still copy the file out of a lower layer.
        if (entry.status.st_uid == owner && entry.status.st_gid == group) {
            return {};
        }
        if (::fchownat(entry.parent_fd, name.c_str(), owner, group, AT_SYMLINK_NOFOLLOW) != 0) {
            const int err = errno;
            return Error::system(
                err, fmt::format("giving {} to the user of the steps", entry.path)
            );
        }
        return {};
    });
}

Result<FileTree> Workspace::output(std::string_view package) const {
    return home_.subtree(fmt::format("{}/{}", output_directory, package));
}

Result<void> give_to_guest(const FileTree& tree, std::string_view path, const GuestIds& ids) {
    if (ids.count <= 1) {
        return {};
    }
    QUERN_TRY(const auto parent, tree.open_parent(path));
    QUERN_CHECK(give(parent.first.get(), parent.second, ids));
    QUERN_TRY(const struct stat status, tree.status(path));
    if (!S_ISDIR(status.st_mode)) {
        return {};
    }
    return tree.walk(path, [&](const TreeEntry& entry) {
        return give(entry.parent_fd, std::string(entry.name()), ids);
    });
}

}  // namespace quern::build
