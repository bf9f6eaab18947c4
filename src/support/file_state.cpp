// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_state.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace quern {
namespace {

std::string state_of(const struct stat& status) {
    return fmt::format(
        "{}:{}:{}.{:09}",
        status.st_ino,
        status.st_size,
        status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec
    );
}

}  // namespace

std::string file_state(const std::filesystem::path& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 ? state_of(status) : std::string();
}

std::string file_state(int fd) {
    struct stat status = {};
    return ::fstat(fd, &status) == 0 ? state_of(status) : std::string();
}

}  // namespace quern
