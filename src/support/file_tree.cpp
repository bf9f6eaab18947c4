// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Every path is opened by openat2 beneath a directory descriptor: the kernel, not a check of
// strings, keeps it inside. Single names are then used relative to the opened parent.
#include "support/file_tree.hpp"

#include "support/atomic_file.hpp"
#include "support/beneath.hpp"
#include "support/text.hpp"

#include <climits>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace quern {

namespace {

/// The directory itself may be named by "" or ".".
bool is_root(std::string_view path) {
    return path.empty() || path == ".";
}

Error refused(std::string_view path) {
    return Error(
        ErrorCode::invalid_data, fmt::format("the path '{}' leaves its directory", printable(path))
    );
}

/// Opens any path beneath `root`; EXDEV and ELOOP say that it would leave.
Result<UniqueFd> open_path(int root, std::string_view path, int flags, std::string_view verb) {
    if (!is_root(path) && !is_confined_path(path)) {
        return refused(path);
    }
    const std::string name(is_root(path) ? "." : path);
    UniqueFd fd = open_beneath(root, name.c_str(), flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    if (!fd) {
        const int err = errno;
        if (err == EXDEV || err == ELOOP) {
            return refused(path);
        }
        return Error::system(err, fmt::format("{} {}", verb, printable(path)));
    }
    return fd;
}

/// Makes one directory in `parent` and gives it exactly `mode`; one that exists is left alone.
Result<void> make_directory(int parent, const std::string& name, mode_t mode) {
    if (::mkdirat(parent, name.c_str(), S_IRWXU) != 0) {
        const int err = errno;
        if (err == EEXIST) {
            return {};
        }
        return Error::system(err, fmt::format("making the directory {}", printable(name)));
    }
    const UniqueFd made = open_directory(parent, name.c_str());
    if (!made || ::fchmod(made.get(), mode) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("setting the mode of {}", printable(name)));
    }
    return {};
}

}  // namespace

std::string_view TreeEntry::name() const {
    return std::string_view(path).substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool is_confined_path(std::string_view path) {
    if (path.empty() || path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) {
        return false;
    }
    const auto parts = split(path, '/');
    return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
        return part.empty() || part == "." || part == ".." || part.size() > NAME_MAX;
    });
}

Result<FileTree> FileTree::open(const std::filesystem::path& directory) {
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening the directory {}", directory.string()));
    }
    return FileTree(std::move(fd));
}

Result<FileTree> FileTree::create(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) {
        return Error::system(
            error.value(), fmt::format("making the directory {}", directory.string())
        );
    }
    return open(directory);
}

Result<FileTree> FileTree::subtree(std::string_view path) const {
    QUERN_TRY(UniqueFd directory, open_path(fd(), path, O_RDONLY | O_DIRECTORY, "opening"));
    return FileTree(std::move(directory));
}

Result<UniqueFd> FileTree::open_file(std::string_view path, int flags) const {
    const int all_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | flags;
    QUERN_TRY(UniqueFd file, open_path(fd(), path, all_flags, "opening"));
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", printable(path)));
    }
    const bool is_directory = S_ISDIR(status.st_mode) && (flags & O_DIRECTORY) != 0;
    if (!S_ISREG(status.st_mode) && !is_directory) {
        return Error(
            ErrorCode::invalid_data, fmt::format("{} is not a regular file", printable(path))
        );
    }
    return file;
}

Result<std::string> FileTree::read(std::string_view path, std::uint64_t limit) const {
    QUERN_TRY(const UniqueFd file, open_file(path));
    auto content = read_file(fmt::format("/proc/self/fd/{}", file.get()), limit);
    return content;
}

Result<struct stat> FileTree::status(std::string_view path) const {
    QUERN_TRY(const UniqueFd file, open_path(fd(), path, O_PATH | O_NOFOLLOW, "looking at"));
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("looking at {}", printable(path)));
    }
    return status;
}

bool FileTree::exists(std::string_view path) const {
    return status(path).has_value();
}

Result<void> FileTree::make_directories(std::string_view path, mode_t mode) const {
    constexpr int flags = O_PATH | O_DIRECTORY;
    if (is_root(path)) {
        return {};
    }
    if (!is_confined_path(path)) {
        return refused(path);
    }
    if (open_path(fd(), path, flags, "opening")) {
        return {};
    }
    QUERN_TRY(UniqueFd parent, open_path(fd(), "", flags, "opening"));
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string name(path.substr(begin, end - begin));
        QUERN_CHECK(make_directory(parent.get(), name, mode));
        // From the top again, since a part may be a link to another place beneath it.
        QUERN_TRY(parent, open_path(fd(), path.substr(0, end), flags, "making the directory"));
        begin = end + 1;
    }
    return {};
}

Result<void> FileTree::write(std::string_view path, std::string_view content, mode_t mode) const {
    const auto action = fmt::format("writing {}", printable(path));
    QUERN_TRY(const auto place, open_parent(path));
    constexpr int flags =
        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const auto& [parent, name] = place;
    UniqueFd file(::openat(parent.get(), name.c_str(), flags, S_IRUSR | S_IWUSR));
    if (!file) {
        const int err = errno;
        return err == ELOOP ? refused(path) : Error::system(err, action);
    }
    auto written = write_all(file.get(), content);
    if (!written) {
        return std::move(written).error().context(printable(path));
    }
    // Last, because writing clears the setuid bit.
    if (::fchmod(file.get(), mode) != 0) {
        const int err = errno;
        return Error::system(err, action);
    }
    if (const int err = file.close(); err != 0) {
        return Error::system(err, action);
    }
    return {};
}

Result<void> FileTree::make_symlink(std::string_view path, const std::string& target) const {
    QUERN_TRY(const auto place, open_parent(path));
    if (::symlinkat(target.c_str(), place.first.get(), place.second.c_str()) != 0) {
        const int err = errno;
        return Error::system(err, fmt::format("making the link {}", printable(path)));
    }
    return {};
}

Result<void> FileTree::remove(std::string_view path) const {
    auto place = open_parent(path);
    if (!place) {
        if (place.error().code() == ErrorCode::not_found) {
            return {};
        }
        return std::move(place).error();
    }
    return remove_entry(place->first.get(), place->second);
}

Result<std::pair<UniqueFd, std::string>> FileTree::open_parent(std::string_view path) const {
    if (!is_confined_path(path)) {
        return refused(path);
    }
    const std::size_t slash = path.rfind('/');
    const bool is_top = slash == std::string_view::npos;
    const std::string_view directory = is_top ? std::string_view() : path.substr(0, slash);
    const std::string_view name = is_top ? path : path.substr(slash + 1);
    QUERN_TRY(UniqueFd parent, open_path(fd(), directory, O_RDONLY | O_DIRECTORY, "opening"));
    return std::pair(std::move(parent), std::string(name));
}

Result<void> remove_tree(const std::filesystem::path& path) {
    std::filesystem::path whole = path.has_filename() ? path : path.parent_path();
    const std::string name = whole.filename().string();
    if (name.empty() || name == "." || name == "..") {
        return Error(ErrorCode::usage, fmt::format("not removing '{}'", path.string()));
    }
    const auto parent = whole.has_parent_path() ? whole.parent_path() : std::filesystem::path(".");
    const UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        const int err = errno;
        if (err == ENOENT) {
            return {};
        }
        return Error::system(err, fmt::format("removing {}", path.string()));
    }
    return remove_entry(directory.get(), name);
}

namespace {

/// Calls one of the two-step xattr functions until the buffer that it asks for was large enough.
/// False with errno on failure.
template <typename Call>
bool read_grown(std::string& buffer, const Call& call) {
    constexpr int attempts = 8;
    for (int i = 0; i < attempts; ++i) {
        const ssize_t needed = call(nullptr, 0);
        if (needed <= 0) {
            buffer.clear();
            return needed == 0;
        }
        buffer.resize(static_cast<std::size_t>(needed));
        const ssize_t size = call(buffer.data(), buffer.size());
        if (size >= 0) {
            buffer.resize(static_cast<std::size_t>(size));
            return true;
        }
        if (errno != ERANGE) {
            return false;
        }
    }
    return false;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_xattrs(
    int parent_fd, const std::string& name
) {
    // There is no llistxattrat before Linux 6.13; the link in /proc stands for the directory.
    const std::string path =
        fmt::format("/proc/self/fd/{}/{}", parent_fd, name.empty() ? "." : name);
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string names;
    if (!read_grown(names, [&](char* to, std::size_t size) {
            return ::llistxattr(path.c_str(), to, size);
        })) {
        const int err = errno;
        if (err == ENOTSUP) {
            return attributes;
        }
        return Error::system(err, fmt::format("reading the attributes of {}", printable(name)));
    }
    while (!names.empty()) {
        const std::string attribute = names.c_str();
        names.erase(0, attribute.size() + 1);
        std::string value;
        if (!read_grown(value, [&](char* to, std::size_t size) {
                return ::lgetxattr(path.c_str(), attribute.c_str(), to, size);
            })) {
            const int err = errno;
            return Error::system(
                err, fmt::format("reading the attribute {} of {}", attribute, printable(name))
            );
        }
        attributes.emplace_back(attribute, std::move(value));
    }
    std::sort(attributes.begin(), attributes.end());
    return attributes;
}

}  // namespace quern
