// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>

using quern::TempDir;

namespace fs = std::filesystem;

TEST_CASE("temp_dir: is private and goes with its content", "[support][temp_dir]") {
    fs::path path;
    {
        const auto outer = TempDir::create(fs::temp_directory_path(), "outer-");
        REQUIRE(outer);
        auto inner = TempDir::create(outer->path() / "a/b", "inner-");
        REQUIRE(inner);
        path = inner->path();
        struct stat status = {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 07777U) == 0700U);
        std::ofstream(path / "file") << "x";
        const TempDir moved = std::move(*inner);
        CHECK(moved.path() == path);
    }
    CHECK_FALSE(fs::exists(path));
}

TEST_CASE("temp_dir: stays if told so", "[support][temp_dir]") {
    const auto outer = TempDir::create(fs::temp_directory_path(), "outer-");
    REQUIRE(outer);
    fs::path path;
    {
        auto inner = TempDir::create(outer->path(), "kept-");
        REQUIRE(inner);
        inner->keep();
        path = inner->path();
    }
    CHECK(fs::exists(path));
}
