// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.hpp"

#include "support/file_tree.hpp"

#include <fmt/format.h>

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern {

Result<TempDir> TempDir::create(const std::filesystem::path& parent, std::string_view prefix) {
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) {
        return Error::system(
            error.value(), fmt::format("making the directory {}", parent.string())
        );
    }
    std::string path = (parent / fmt::format("{}XXXXXX", prefix)).string();
    if (::mkdtemp(path.data()) == nullptr) {
        const int err = errno;
        return Error::system(err, fmt::format("making a directory in {}", parent.string()));
    }
    TempDir directory{std::filesystem::path(path)};
    if (::chmod(path.c_str(), S_IRWXU) != 0) {  // the umask may have taken bits of the owner
        const int err = errno;
        return Error::system(err, fmt::format("setting the mode of {}", path));
    }
    return directory;
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), keep_(other.keep_) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(keep_, other.keep_);
    return *this;
}

TempDir::~TempDir() {
    if (!path_.empty() && !keep_) {
        std::ignore = remove_tree(path_);  // nobody is left to tell
    }
}

}  // namespace quern
