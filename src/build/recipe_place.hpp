// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace quern::build {

/// How documents name a recipe: as the user did, where that is a path from the folder in which he
/// stands. Any other path would tell where on this machine the recipe lies, and be other bytes on
/// another one: then it is the path in the git repository that holds it, else the file's name.
/// Source: recipe-and-build 6.10, "config path as given".
std::string recipe_place(const std::filesystem::path& recipe);

}  // namespace quern::build
