// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <string>
#include <string_view>

namespace quern::package {

/// What an SPDX document of a package says of the recipe that made it.
struct RecipeOrigin {
    std::string path;            ///< as the user gave it: "hello/melange.yaml"
    std::string repository_url;  ///< of the repository that holds the recipe
    std::string commit;
    std::string license;  ///< of the recipe itself; empty if the document does not say
};

/// Errors: invalid_data (no SPDX document, or one that names no recipe).
Result<RecipeOrigin> recipe_origin(std::string_view spdx);

}  // namespace quern::package
