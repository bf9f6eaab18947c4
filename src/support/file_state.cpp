// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_state.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace quern {

std::string file_state(const std::filesystem::path& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) {
        return {};
    }
    return fmt::format(
        "{}:{}:{}.{:09}",
        status.st_ino,
        status.st_size,
        status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec
    );
}

}  // namespace quern
