// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/overlay.hpp"

#include "support/file_tree.hpp"

#include <fmt/format.h>

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

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

}  // namespace

Result<Overlay> Overlay::mount(
    const std::filesystem::path& lower, const std::filesystem::path& scratch
) {
    QUERN_TRY(const FileTree directory, FileTree::create(scratch));
    for (const char* name : {"upper", "work", "merged"}) {
        QUERN_CHECK(directory.make_directories(name));
    }
    const std::string layers = fmt::format(
        "lowerdir={},upperdir={},workdir={}",
        escape(lower),
        escape(scratch / "upper"),
        escape(scratch / "work")
    );
    const std::filesystem::path merged = scratch / "merged";
    // Root keeps the overlay's own marks in trusted attributes; a user namespace may only use user
    // attributes.
    for (const char* marks : {"", ",userxattr"}) {
        if (::mount("overlay", merged.c_str(), "overlay", MS_NODEV, (layers + marks).c_str()) ==
            0) {
            return Overlay(merged);
        }
        if (errno != EPERM) {
            break;
        }
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
