// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/recipe_place.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace quern;

TEST_CASE("recipe place: a path from here is as it was given", "[build][recipe_place]") {
    const auto [given, recorded] = GENERATE(table<const char*, const char*>({
        {"melange.yaml", "melange.yaml"},
        {"hello/melange.yaml", "hello/melange.yaml"},
        {"./hello//melange.yaml", "hello/melange.yaml"},
        {"hello/../lz4/melange.yaml", "lz4/melange.yaml"},
    }));
    CAPTURE(given);
    CHECK(build::recipe_place(given) == recorded);
}

TEST_CASE("recipe place: no folder of this machine is told", "[build][recipe_place]") {
    const TempDir folder = *TempDir::create(std::filesystem::temp_directory_path(), "quern-place-");
    const std::filesystem::path recipe = folder.path() / "os" / "hello" / "melange.yaml";
    std::filesystem::create_directories(recipe.parent_path());
    CHECK(build::recipe_place(recipe) == "melange.yaml");

    std::filesystem::create_directories(folder.path() / "os" / ".git");
    CHECK(build::recipe_place(recipe) == "hello/melange.yaml");
}
