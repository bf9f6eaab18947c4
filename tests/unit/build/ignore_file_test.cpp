// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/ignore_file.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::build {

TEST_CASE("ignore file: patterns match files as the peer's do", "[build][ignore_file]") {
    // Source: recipe-and-build 6.4.
    auto [pattern, path, expected] = GENERATE(table<const char*, const char*, bool>({
        {"*.log", "a/b/x.log", true},
        {"top.txt", "deep/top.txt", true},
        {"./top.txt", "top.txt", true},
        {"a/../top.txt", "deep/top.txt", true},
        {"*", "any/thing", true},
        {"**", "any/thing", true},
        {"build/**", "build/x/y", true},
        {"/build/*", "build/x", true},
        {"/build/*", "build/x/y", false},
        {"x/**/c", "x/c", true},
        {"x/**/c", "x/a/b/c", true},
        {"**/build/*", "a/build/x", true},
        {"**.txt", "a.txt", true},
        {"a/**.txt", "a/b/c.txt", false},
        {"build", "build/x", false},
        {"build/", "build", false},
        {"/build", "build", true},
        {"!keep", "keep", true},
        {"# x", "# x", false},
        {"trail   ", "trail", true},
        {" lead", "lead", false},
        {"Case", "case", false},
        {R"(\[x\])", "[x]", true},
    }));
    CAPTURE(pattern, path);
    CHECK(IgnoreFile::parse(pattern).matches(path) == expected);
}

TEST_CASE("ignore file: many wildcards stay quick", "[build][ignore_file]") {
    std::string pattern;
    std::string path;
    for (int i = 0; i < 300; ++i) {
        pattern += "**/";
        path += "a/";
    }
    CHECK_FALSE(IgnoreFile::parse(pattern + "b").matches(path + "c"));
}

}  // namespace quern::build
