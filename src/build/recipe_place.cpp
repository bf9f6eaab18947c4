// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/recipe_place.hpp"

#include <system_error>

namespace quern::build {

std::string recipe_place(const std::filesystem::path& recipe) {
    const std::filesystem::path given = recipe.lexically_normal();
    if (given.is_relative() && (given.empty() || *given.begin() != "..")) {
        return given.generic_string();
    }
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(given, failure).lexically_normal();
    for (auto above = absolute.parent_path(); above.has_relative_path();
         above = above.parent_path()) {
        if (std::filesystem::exists(above / ".git", failure)) {
            return absolute.lexically_relative(above).generic_string();
        }
    }
    return given.filename().generic_string();
}

}  // namespace quern::build
