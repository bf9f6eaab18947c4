// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/staging.hpp"

#include "sandbox/pipe.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace quern::sandbox {

namespace {

Result<void> check_mount_point(int root, const std::string& target) {
    const std::size_t begin = target.find_first_not_of('/');
    if (target.empty() || target.front() != '/' || begin == std::string::npos) {
        return Error(
            ErrorCode::sandbox,
            fmt::format("'{}' cannot be a mount point in a guest", printable(target))
        );
    }
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const UniqueFd fd(
        static_cast<int>(::syscall(SYS_openat2, root, target.c_str() + begin, &how, sizeof how))
    );
    const int err = errno;
    if (fd || err == ENOENT) {
        return {};
    }
    if (err == ELOOP) {
        return Error(
            ErrorCode::sandbox,
            fmt::format(
                "the mount point {} in the guest is, or lies below, a symbolic link",
                printable(target)
            )
        );
    }
    return system_error(
        err, fmt::format("looking at the mount point {} in the guest", printable(target))
    );
}

}  // namespace

Result<UniqueFd> open_path(const char* path, int flags) {
    UniqueFd fd(::open(path, flags | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return system_error(err, fmt::format("opening {}", path));
    }
    return fd;
}

Result<void> check_mount_points(const Guest& guest) {
    QUERN_TRY(const UniqueFd root, open_path(guest.root.c_str(), O_PATH | O_DIRECTORY));
    for (const Mount& mount : guest.mounts) {
        QUERN_CHECK(check_mount_point(root.get(), mount.target));
    }
    QUERN_CHECK(check_mount_point(root.get(), "/proc"));
    return check_mount_point(root.get(), "/dev");
}

Result<Guest> stage(const Guest& guest, std::vector<DetachedTree>& trees) {
    Guest staged;
    const auto add = [&](const std::filesystem::path& source) -> Result<std::filesystem::path> {
        QUERN_TRY(DetachedTree tree, DetachedTree::open(source));
        trees.push_back(std::move(tree));
        return std::filesystem::path(staged_path(trees.size() - 1));
    };
    QUERN_TRY(staged.root, add(guest.root));
    for (const Mount& mount : guest.mounts) {
        QUERN_TRY(std::filesystem::path source, add(mount.source));
        staged.mounts.push_back(
            {.source = std::move(source), .target = mount.target, .read_only = mount.read_only}
        );
    }
    return staged;
}

}  // namespace quern::sandbox
