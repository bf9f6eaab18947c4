// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/scratch.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <optional>
#include <string>

using quern::build::Scratch;

TEST_CASE("scratch: whatever a kill left is taken away by the next", "[build][scratch]") {
    auto place = quern::TempDir::create(std::filesystem::temp_directory_path(), "quern-scratch-");
    REQUIRE(place);
    const std::filesystem::path parent = place->path();
    std::filesystem::create_directories(parent / "build-empty");  // killed when it was made
    std::filesystem::create_directories(parent / "build-half/overlay/1");  // or taken away
    std::filesystem::create_directories(parent / "build-whole/home");
    REQUIRE(quern::write_file_atomically(parent / "build-whole/lock", ""));
    std::filesystem::create_directories(parent / "other");
    auto first = Scratch::create(parent, "build-");
    REQUIRE(first);
    auto second = Scratch::create(parent, "build-");
    REQUIRE(second);
    CHECK_FALSE(std::filesystem::exists(parent / "build-empty"));
    CHECK_FALSE(std::filesystem::exists(parent / "build-half"));
    CHECK_FALSE(std::filesystem::exists(parent / "build-whole"));
    CHECK(std::filesystem::exists(parent / "other"));
    CHECK(std::filesystem::exists(first->path()));  // it lives
    CHECK(std::filesystem::exists(second->path()));
}
