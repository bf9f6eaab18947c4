// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/downloads.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::build {
namespace {

struct Fixture {
    recipe::Environment environment;
    recipe::Capabilities capabilities;
    StepSettings settings{"x.yaml", "build", environment, capabilities, {}, {}, 7, {}, {}};
    TempDir folder = *TempDir::create(std::filesystem::temp_directory_path(), "quern-downloads-");
    FileTree home = *FileTree::open(folder.path());
    pipeline::Step step;

    Fixture() {
        step.script = "get $INPUT_DEPS";
        step.environment = {{"GOPROXY", "a"}, {"INPUT_DEPS", "d"}, {"INPUT_OUTPUT", "o"}};
        step.downloads.emplace();
        step.downloads->into = ".kept";
        step.downloads->locks = {"go.sum"};
        REQUIRE(home.write("go.sum", "one"));
    }
    std::string key() const { return *downloads_key(step, settings, home); }
};

}  // namespace

TEST_CASE("downloads: their key follows what decides them", "[build][downloads]") {
    Fixture f;
    const std::string before = f.key();
    SECTION("the script") {
        f.step.script += "\nmore";
    }
    SECTION("an input that the script names") {
        f.step.environment[1].second = "e";
    }
    SECTION("a variable that programs read") {
        f.step.environment[0].second = "b";
    }
    SECTION("a lock file's content") {
        REQUIRE(f.home.write("go.sum", "two"));
    }
    SECTION("an empty lock file") {
        REQUIRE(f.home.write("go.sum", ""));
    }
    SECTION("a lock file that is gone") {
        REQUIRE(f.home.remove("go.sum"));
    }
    SECTION("the environment, where the declaration says so") {
        f.step.downloads->of_environment = true;
        f.settings.root_key = "other";
    }
    CHECK(f.key() != before);
}

TEST_CASE("downloads: a file that a value names counts by its content", "[build][downloads]") {
    Fixture f;
    REQUIRE(f.home.make_directories("dir/in"));
    REQUIRE(f.home.write("dir/in/x.tgz", "one"));
    const char* const value = GENERATE(
        "file:/home/build/dir/in/x.tgz",
        "file:///home/build/dir/in/x.tgz",
        "file:dir/in/x.tgz",
        "file:./dir"
    );
    CAPTURE(value);
    f.step.environment[1].second = value;
    const std::string before = f.key();
    CHECK(f.key() == before);
    REQUIRE(f.home.write("dir/in/x.tgz", "two"));
    CHECK(f.key() != before);
    REQUIRE(f.home.remove("dir"));
    CHECK(f.key() != before);
}

TEST_CASE("downloads: a value that names a place elsewhere is a value", "[build][downloads]") {
    Fixture f;
    f.step.environment[1].second =
        GENERATE("file:../../etc/passwd", "file:/etc/passwd", "file:", "1.0");
    CHECK(f.key() == f.key());
}

TEST_CASE("downloads: what cannot change them is no part of their key", "[build][downloads]") {
    Fixture f;
    const std::string before = f.key();
    SECTION("an input that the script does not name") {
        f.step.environment[2].second = "p";
    }
    SECTION("the date of the build") {
        f.settings.source_date = 8;
    }
    SECTION("other files") {
        REQUIRE(f.home.write("main.go", "package main"));
    }
    SECTION("the environment") {
        f.settings.root_key = "other";
    }
    CHECK(f.key() == before);
}

TEST_CASE("downloads: a lock file that is none is an error", "[build][downloads]") {
    Fixture f;
    REQUIRE(f.home.remove("go.sum"));
    REQUIRE(f.home.make_directories("go.sum"));
    CHECK_FALSE(downloads_key(f.step, f.settings, f.home));
}

}  // namespace quern::build
