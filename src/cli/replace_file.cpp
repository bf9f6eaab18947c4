// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/replace_file.hpp"

#include "support/atomic_file.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace quern::cli {

Result<void> replace_file(const std::filesystem::path& path, const std::string& text) {
    std::error_code failure;
    const std::filesystem::path target = std::filesystem::canonical(path, failure);
    struct stat status = {};
    if (failure || ::stat(target.c_str(), &status) != 0) {
        const int err = failure ? failure.value() : errno;
        return Error::system(err, fmt::format("reading {}", path.string()));
    }
    return write_file_atomically(target, text, status.st_mode & 07777U);
}

}  // namespace quern::cli
