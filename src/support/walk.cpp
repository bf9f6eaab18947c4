// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/beneath.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace quern {

namespace {

/// Each level holds a descriptor, and a process may have 1,024 by default.
constexpr std::size_t max_depth = 256;

using Visit = std::function<Result<void>(const TreeEntry&)>;

class Walk {
 public:
    /// `start` is put in front of the paths; empty for the root itself.
    Walk(const Visit& visit, std::string_view start) : visit_(visit) { entry_.path = start; }

    Result<void> enter(int directory) {
        if (++depth_ > max_depth) {
            return Error(
                ErrorCode::limit,
                fmt::format("directories are more than {} deep at {}", max_depth, shown())
            );
        }
        auto names = list_names(directory);
        if (!names) {
            return std::move(names).error().context(shown());
        }
        std::sort(names->begin(), names->end());
        const std::size_t length = entry_.path.size();
        for (const std::string& name : *names) {
            entry_.path.append(length == 0 ? "" : "/").append(name);
            QUERN_CHECK(visit_one(directory, name));
            entry_.path.resize(length);
        }
        --depth_;
        return {};
    }

 private:
    Result<void> visit_one(int directory, const std::string& name) {
        entry_.parent_fd = directory;
        entry_.link_target.clear();
        if (::fstatat(directory, name.c_str(), &entry_.status, AT_SYMLINK_NOFOLLOW) != 0) {
            const int err = errno;
            return Error::system(err, fmt::format("looking at {}", shown()));
        }
        if (S_ISLNK(entry_.status.st_mode)) {
            QUERN_CHECK(read_target(directory, name));
        }
        const bool is_directory = S_ISDIR(entry_.status.st_mode);
        QUERN_CHECK(visit_(entry_));
        if (!is_directory) {
            return {};
        }
        const UniqueFd below = open_directory(directory, name.c_str());
        if (!below) {
            const int err = errno;
            if (err == EXDEV) {  // another file system is mounted there
                return {};
            }
            return Error::system(err, fmt::format("opening the directory {}", shown()));
        }
        return enter(below.get());
    }

    Result<void> read_target(int directory, const std::string& name) {
        // Some file systems give a size of 0 for links, hence a buffer for the longest one.
        constexpr std::size_t longest = 4096;
        entry_.link_target.resize(longest);
        const ssize_t length =
            ::readlinkat(directory, name.c_str(), entry_.link_target.data(), longest);
        if (length < 0) {
            const int err = errno;
            return Error::system(err, fmt::format("reading the link {}", shown()));
        }
        entry_.link_target.resize(static_cast<std::size_t>(length));
        return {};
    }

    std::string shown() const { return printable(entry_.path); }

    const Visit& visit_;
    TreeEntry entry_;
    std::size_t depth_ = 0;
};

}  // namespace

Result<void> FileTree::walk(std::string_view path, const Visit& visit) const {
    QUERN_TRY(const FileTree top, subtree(path));
    return Walk(visit, path == "." ? std::string_view() : path).enter(top.fd());
}

}  // namespace quern
