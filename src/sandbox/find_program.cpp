// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/find_program.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>

namespace quern::sandbox {

std::string find_program(std::string_view name) {
    const char* const path = std::getenv("PATH");
    const std::string search =
        std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (const std::string_view directory : split(search, ':')) {
        std::string program = fmt::format("{}/{}", directory, name);
        if (directory.starts_with('/') && ::access(program.c_str(), X_OK) == 0) {
            return program;
        }
    }
    return {};
}

}  // namespace quern::sandbox
