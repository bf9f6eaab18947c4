// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/guest_tree.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <climits>
#include <fmt/format.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace quern::rootfs {

namespace {

constexpr mode_t mode_bits = 07777;
constexpr std::uint64_t max_text_bytes = std::uint64_t{16} << 20U;

Error path_error(int err, std::string_view action, std::string_view path) {
    return Error::system(err, fmt::format("{} /{} in the root", action, printable(path)));
}

std::string_view without_leading_slashes(std::string_view path) {
    const std::size_t begin = path.find_first_not_of('/');
    return begin == std::string_view::npos ? std::string_view() : path.substr(begin);
}

std::string_view without_trailing_slashes(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return {{}, path};
    }
    return {path.substr(0, slash), path.substr(slash + 1)};
}

timespec to_timespec(std::int64_t seconds) {
    return {.tv_sec = seconds, .tv_nsec = 0};
}

UniqueFd GuestTree::open(std::string_view path, int flags) const {
    const std::string text(path.empty() ? "." : path);
    open_how how = {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    constexpr int attempts = 64;  // EAGAIN: something was renamed at the same time
    long fd = -1;
    for (int i = 0; i < attempts; ++i) {
        fd = ::syscall(SYS_openat2, root_, text.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
    }
    return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> GuestTree::open_directory(std::string_view path) const {
    UniqueFd fd = open(path, O_RDONLY | O_DIRECTORY);
    if (!fd) {
        const int err = errno;
        return path_error(err, "opening the directory", without_leading_slashes(path));
    }
    return fd;
}

Result<std::pair<UniqueFd, std::string>> GuestTree::open_parent(std::string_view path) const {
    const auto [parent, name] = split_path(without_trailing_slashes(without_leading_slashes(path)));
    if (name.empty() || name == "." || name == "..") {
        return Error(
            ErrorCode::invalid_data, fmt::format("'{}' names nothing below a root", printable(path))
        );
    }
    QUERN_TRY(UniqueFd fd, open_directory(parent));
    return std::pair(std::move(fd), std::string(name));
}

std::optional<struct stat> GuestTree::status(std::string_view path, bool follow) const {
    const UniqueFd fd = open(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
    struct stat result = {};
    if (!fd || ::fstat(fd.get(), &result) != 0) {
        return std::nullopt;
    }
    return result;
}

std::optional<std::string> GuestTree::link_target(std::string_view path) const {
    const UniqueFd fd = open(path, O_PATH | O_NOFOLLOW);
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = fd ? ::readlinkat(fd.get(), "", buffer.data(), buffer.size()) : -1;
    if (size < 0) {
        return std::nullopt;
    }
    return std::string(buffer.data(), static_cast<std::size_t>(size));
}

Result<std::string> GuestTree::read(std::string_view path) const {
    const UniqueFd fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat status = {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        const int err = errno;
        return path_error(err, "reading", without_leading_slashes(path));
    }
    if (!S_ISREG(status.st_mode)) {
        return path_error(EINVAL, "reading", without_leading_slashes(path));
    }
    return read_file(fmt::format("/proc/self/fd/{}", fd.get()), max_text_bytes);
}

Result<void> GuestTree::make_directories(std::string_view path, const Attributes& attributes)
    const {
    path = without_leading_slashes(path);
    for (std::size_t end = 0; end != std::string_view::npos && !path.empty();) {
        end = path.find('/', end == 0 ? 0 : end + 1);
        const std::string_view part = path.substr(0, end);
        if (part.ends_with('/') || open(part, O_PATH | O_DIRECTORY)) {
            continue;
        }
        QUERN_TRY(const auto place, open_parent(part));
        if (::mkdirat(place.first.get(), place.second.c_str(), S_IRWXU) != 0) {
            const int err = errno;
            return path_error(err, "making the directory", part);
        }
        QUERN_CHECK(set_attributes(place.first.get(), place.second, attributes, false));
    }
    return {};
}

Result<void> GuestTree::write(
    std::string_view path, std::string_view content, const Attributes& attributes
) const {
    QUERN_TRY(const auto place, open_parent(path));
    const auto& [parent, name] = place;
    if (::unlinkat(parent.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
        const int err = errno;
        return path_error(err, "replacing", without_leading_slashes(path));
    }
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(::openat(parent.get(), name.c_str(), flags, S_IRUSR | S_IWUSR));
    if (!fd) {
        const int err = errno;
        return path_error(err, "writing", without_leading_slashes(path));
    }
    QUERN_CHECK(write_all(fd.get(), content));
    if (const int err = fd.close(); err != 0) {
        return path_error(err, "writing", without_leading_slashes(path));
    }
    return set_attributes(parent.get(), name, attributes, false);
}

Result<void> GuestTree::make_symlink(
    std::string_view path, const std::string& target, std::int64_t mtime
) const {
    QUERN_TRY(const auto place, open_parent(path));
    const auto& [parent, name] = place;
    if (::symlinkat(target.c_str(), parent.get(), name.c_str()) != 0) {
        const int err = errno;
        return path_error(err, "making the link", without_leading_slashes(path));
    }
    return set_attributes(parent.get(), name, {.mtime = mtime}, true);
}

Result<void> GuestTree::set_attributes(
    int parent, const std::string& name, const Attributes& attributes, bool is_link
) const {
    const uid_t uid = ids_.to_host(attributes.uid);
    const gid_t gid = ids_.to_host(attributes.gid);
    const std::array<timespec, 2> times = {
        to_timespec(attributes.mtime), to_timespec(attributes.mtime)};
    // The mode comes after the owner: a change of owner clears setuid and setgid. fchmodat follows
    // links, and is not reached for one.
    if (::fchownat(parent, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0 ||
        (!is_link && ::fchmodat(parent, name.c_str(), attributes.mode & mode_bits, 0) != 0) ||
        ::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        const int err = errno;
        return path_error(err, "setting owner, mode and time of", name);
    }
    return {};
}

}  // namespace quern::rootfs
