// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_modules.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::fetch;

TEST_CASE("git_modules: paths and addresses are read as git writes them", "[fetch][git_modules]") {
    const auto modules = parse_git_modules(
        "[submodule \"one\"]\n\tpath = lib/one\n\turl = ../one.git\n\tbranch = main\n"
        "# a comment\n[other]\n\tpath = x\n\turl = y\n"
        "[submodule \"two\"]\n\turl = \"https://h/two # not a comment\" ; a comment\n\tpath = "
        "two/\n"
        "[submodule \"no-url\"]\n\tpath = three\n[include]\n\tpath = /etc/passwd\n"
    );
    REQUIRE(modules);
    CHECK(
        *modules ==
        std::map<std::string, std::string>{
            {"lib/one", "../one.git"}, {"two", "https://h/two # not a comment"}}
    );
    CHECK_FALSE(parse_git_modules("[submodule \"x\"]\nurl = \"open\n"));
    CHECK_FALSE(parse_git_modules(std::string(2 << 20, 'x')));
}

TEST_CASE("git_modules: relative addresses follow the repository's", "[fetch][git_modules]") {
    auto [address, repository, expected] = GENERATE(table<const char*, const char*, const char*>({
        {"../b.git", "https://h/g/a.git", "https://h/g/b.git"},
        {"../../b", "https://h/g/a", "https://h/b"},
        {"./b", "https://h/g/a/", "https://h/g/a/b"},
        {"../b.git", "git@h:g/a.git", "git@h:g/b.git"},
        {"../b", "/srv/a", "/srv/b"},
        {"../b", "file:///srv/a", "file:///srv/b"},
        {"https://other/b", "https://h/a", "https://other/b"},
        {"/srv/b", "/srv/a", "/srv/b"},
    }));
    CAPTURE(address, repository);
    const auto resolved = resolve_module_address(address, repository);
    REQUIRE(resolved);
    CHECK(*resolved == expected);
}

TEST_CASE("git_modules: addresses that leave are refused", "[fetch][git_modules]") {
    // Source: attacks M13.
    auto [address, repository] = GENERATE(table<const char*, const char*>({
        {"../../../b", "https://h/a"},
        {"../x/../../../b", "https://h/g/a"},
        {"/etc", "https://h/a"},
        {"file:///etc", "https://h/a"},
        {"FILE:///etc", "ssh://h/a"},
    }));
    CAPTURE(address, repository);
    CHECK_FALSE(resolve_module_address(address, repository));
}

TEST_CASE("git_modules: cherry-picks are lines with a comment", "[fetch][git_modules]") {
    const auto picks = parse_cherry_picks(
        "# all\n\n  0123abcd: fixes the build\nrelease/1.x/ABCDEF01: one more # really\n"
    );
    REQUIRE(picks);
    REQUIRE(picks->size() == 2);
    CHECK((*picks)[0].branch.empty());
    CHECK((*picks)[0].commit == "0123abcd");
    CHECK((*picks)[1].branch == "release/1.x");
    CHECK((*picks)[1].commit == "abcdef01");
    for (const char* wrong :
         {"0123abcd",
          "0123abcd:",
          "xyz: no commit",
          "--upload-pack=x/0123abcd: option",
          "abc: short"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_cherry_picks(wrong));
    }
}

TEST_CASE(
    "git_modules: a cone has its directories and the files on the way", "[fetch][git_modules]"
) {
    const auto cone = SparseCone::parse("src/lib docs/");
    REQUIRE(cone);
    for (const char* there :
         {"README", "src/Makefile", "src/lib/a.c", "src/lib/deep/b.c", "docs/x"}) {
        CAPTURE(there);
        CHECK(cone->has_file(there));
    }
    for (const char* missing : {"src/other/a.c", "tests/x", "src/library/a.c"}) {
        CAPTURE(missing);
        CHECK_FALSE(cone->has_file(missing));
    }
    CHECK(cone->has_directory("src"));
    CHECK_FALSE(cone->has_directory("tests"));
    CHECK(SparseCone::parse("")->has_file("any/thing"));
    CHECK_FALSE(SparseCone::parse("../up"));
    CHECK_FALSE(SparseCone::parse("a/../../b"));
}
