// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/overlay.hpp"

#include "support/file_tree.hpp"

#include <fmt/format.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace quern::rootfs {
namespace {

// The option text of an overlay is split at commas and its layers at colons; both can be escaped.
// Source: Linux Documentation/filesystems/overlayfs.rst.
std::string escape(const std::filesystem::path& path) {
    std::string escaped;
    for (const char c : path.string()) {
        if (c == ',' || c == ':' || c == '\\') {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

Error mount_failure(int err, const std::filesystem::path& scratch) {
    const Error plain =
        Error::system(err, fmt::format("mounting an overlay in {}", scratch.string()));
    Error error(ErrorCode::sandbox, plain.message());
    if (err == EINVAL) {
        return std::move(error).help(
            "the file system there cannot be the upper layer of an overlay (as in containers); "
            "name a directory on ext4, xfs, btrfs or "
            "tmpfs with --cache-root"
        );
    }
    return std::move(error).help(
        "the kernel needs to be 5.11 or newer with overlayfs for users who are not root"
    );
}

/// The merged root has owner and mode of the upper one: without this the guest's root could not
/// write to "/". The scratch directory itself is for this user only, so that nobody else reaches a
/// setuid file that a step makes.
Result<void> match_root(const std::filesystem::path& lower, const std::filesystem::path& scratch) {
    const std::filesystem::path upper = scratch / "upper";
    struct stat status = {};
    if (::stat(lower.c_str(), &status) != 0 ||
        ::chown(upper.c_str(), status.st_uid, status.st_gid) != 0 ||
        ::chmod(upper.c_str(), status.st_mode & 07777U) != 0 ||
        ::chmod(scratch.c_str(), S_IRWXU) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("preparing an overlay in {}", scratch.string()));
    }
    return {};
}

// The root of the merged tree is the upper layer's own directory.
Result<void> copy_owner(const std::filesystem::path& lower, const FileTree& scratch) {
    struct stat status = {};
    QUERN_TRY(const FileTree upper, scratch.subtree("upper"));
    if (::stat(lower.c_str(), &status) != 0 ||
        ::fchown(upper.fd(), status.st_uid, status.st_gid) != 0) {
        const int err = errno;
        return Error::system(
            err, fmt::format("giving the overlay of {} its owner", lower.string())
        );
    }
    return {};
}

bool is_link_to(const FileTree& links, const std::string& name, const std::string& target) {
    std::string found(target.size() + 1, '\0');
    const ssize_t size = ::readlinkat(links.fd(), name.c_str(), found.data(), found.size());
    return size == static_cast<ssize_t>(target.size()) && found.starts_with(target);
}

// The option text of a mount is one page at the most, so many layers go by short links. They are
// counted from the lowest and lie beside the scratch directories, so that a stack that grows makes
// one more each time.
Result<std::string> list_of(
    const std::vector<std::filesystem::path>& lowers, const FileTree& beside
) {
    if (lowers.size() == 1) {
        return escape(lowers.front());
    }
    QUERN_CHECK(beside.make_directories("layers"));
    QUERN_TRY(const FileTree links, beside.subtree("layers"));
    std::string list;
    for (std::size_t i = 0; i < lowers.size(); ++i) {
        const std::string name = std::to_string(lowers.size() - 1 - i);
        if (!is_link_to(links, name, lowers[i].string())) {
            QUERN_CHECK(links.remove(name));
            QUERN_CHECK(links.make_symlink(name, lowers[i].string()));
        }
        list += fmt::format("{}/proc/self/fd/{}/layers/{}", i == 0 ? "" : ":", beside.fd(), name);
    }
    return list;
}

}  // namespace

Result<Overlay> Overlay::mount(
    const std::filesystem::path& lower, const std::filesystem::path& scratch
) {
    return mount(std::vector<std::filesystem::path>{lower}, scratch);
}

Result<Overlay> Overlay::mount(
    const std::vector<std::filesystem::path>& lowers, const std::filesystem::path& scratch
) {
    QUERN_ASSERT(!lowers.empty() && lowers.size() <= most_layers);
    QUERN_TRY(const FileTree directory, FileTree::create(scratch));
    // What a volatile mount leaves here forbids the next one.
    QUERN_CHECK(directory.remove("work"));
    for (const char* name : {"upper", "work", "merged"}) {
        QUERN_CHECK(directory.make_directories(name));
    }
    QUERN_CHECK(match_root(lowers.front(), scratch));
    QUERN_CHECK(copy_owner(lowers.front(), directory));
    QUERN_TRY(const FileTree beside, FileTree::open(scratch.parent_path()));
    QUERN_TRY(const std::string lower_list, list_of(lowers, beside));
    const std::string layers = fmt::format(
        "lowerdir={},upperdir={},workdir={}",
        lower_list,
        escape(scratch / "upper"),
        escape(scratch / "work")
    );
    const std::filesystem::path merged = scratch / "merged";
    // Always in user attributes: in a user namespace the mount also succeeds without, and then
    // fails with EIO when a directory of the lower layer is removed. One way for all users is one
    // result.
    // And volatile: else taking it down writes the whole file system to disk.
    const std::string options = layers + ",userxattr,volatile";
    if (::mount("overlay", merged.c_str(), "overlay", MS_NODEV, options.c_str()) == 0) {
        return Overlay(merged);
    }
    const int err = errno;
    return mount_failure(err, scratch);
}

Overlay::Overlay(Overlay&& other) noexcept : merged_(std::exchange(other.merged_, {})) {}

Overlay& Overlay::operator=(Overlay&& other) noexcept {
    std::swap(merged_, other.merged_);
    return *this;
}

Overlay::~Overlay() {
    if (!merged_.empty()) {
        ::umount2(merged_.c_str(), MNT_DETACH);
    }
}

}  // namespace quern::rootfs
