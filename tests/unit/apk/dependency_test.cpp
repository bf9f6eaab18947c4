// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/dependency.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using namespace quern::apk;

TEST_CASE("dependency: what was parsed is printed unchanged", "[apk][dependency]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "busybox",
        "!busybox",
        "foo=1.2-r0",
        "foo<1",
        "foo<=1",
        "foo>1",
        "foo>=1",
        "foo~1.2",
        "foo<~1.2",
        "foo>~1.2",
        "!foo<2",
        "so:libc.so.6",
        "cmd:[",
        "pc:zlib>=1.2",
        "/bin/sh",
        "foo@edge",
        "foo@edge>=1",
        "py3.12:x",
        "so-ver:libx.so.1>=1.2",
        "foo=1.0~1234ab",
        "foo><Q1m+sdMKtErkREQmg/kWNgnKU1BfM=",
        "foo=not-a-version"
    );
    CAPTURE(text);
    const auto dependency = Dependency::parse(text);
    REQUIRE(dependency.has_value());
    CHECK(dependency->to_string() == text);
    CHECK(Dependency::parse(dependency->to_string()) == dependency);
}

TEST_CASE("dependency: other spellings of an operator mean the same", "[apk][dependency]") {
    CHECK(Dependency::parse("foo~=1.2") == Dependency::parse("foo~1.2"));
    CHECK(Dependency::parse("foo=~1.2") == Dependency::parse("foo~1.2"));
    CHECK(Dependency::parse("foo=>1.2") == Dependency::parse("foo>=1.2"));
    CHECK(Dependency::parse("foo>=1@edge") == Dependency::parse("foo@edge>=1"));
}

TEST_CASE("dependency: parts are taken apart", "[apk][dependency]") {
    const auto dependency = Dependency::parse("!foo@edge>=1.2");
    REQUIRE(dependency.has_value());
    CHECK(dependency->name == "foo");
    CHECK(dependency->tag == "edge");
    CHECK(dependency->version == "1.2");
    CHECK(dependency->match == (Dependency::greater | Dependency::equal));
    CHECK(dependency->is_conflict);
    CHECK_FALSE(dependency->is_identity);
    CHECK(Dependency::parse("foo><Q1abc=")->is_identity);
}

TEST_CASE("dependency: malformed texts are refused", "[apk][dependency]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "",
        "!",
        "!!foo",
        "=1",
        "foo=",
        "foo>=",
        "foo==1",
        "foo<>1",
        "foo<>=1",
        "foo bar",
        "foo\n",
        "foo\x1b[0m",
        "foo@",
        "foo@a@b",
        "foo@ed/ge",
        "foo=1<2",
        "foo=1 ",
        "f\xc3\xb6o",
        "foo;bar",
        "foo$(x)",
        "foo><"
    );
    CAPTURE(text);
    CHECK_FALSE(Dependency::parse(text).has_value());
    CHECK_FALSE(Dependency::parse(std::string(256, 'a')).has_value());
}

TEST_CASE("dependency: a list names its wrong word", "[apk][dependency]") {
    const auto list = Dependency::parse_list("  foo bar>=1\tbaz\n");
    REQUIRE(list.has_value());
    CHECK(list->size() == 3);
    std::string wrong;
    CHECK_FALSE(Dependency::parse_list("foo bar= baz", &wrong).has_value());
    CHECK(wrong == "bar=");
    CHECK(Dependency::parse_list("")->empty());
}

TEST_CASE("dependency: matching follows the table of apk 3", "[apk][dependency]") {
    // Source: apk-format 6; columns =1.2 ~1.2 >1.2 >=1.2 <1.2 <=1.2 >~1.2 <~1.2 ~1.2-r0 ~1.2.3
    constexpr std::array operators = {
        "foo=1.2",
        "foo~1.2",
        "foo>1.2",
        "foo>=1.2",
        "foo<1.2",
        "foo<=1.2",
        "foo>~1.2",
        "foo<~1.2",
        "foo~1.2-r0",
        "foo~1.2.3"};
    const auto [available, row] = GENERATE(table<std::string, std::string>({
        {"1.2", "yynynyyynn"},
        {"1.2-r0", "nyyynnyyyn"},
        {"1.2.0", "nyyynnyynn"},
        {"1.2.3-r1", "nyyynnyyny"},
        {"1.20", "nnyynnynnn"},
        {"1.2a", "nyyynnyynn"},
        {"1.2_p1", "nyyynnyynn"},
        {"1.2_rc1", "nynnyyyynn"},
        {"1.1", "nnnnyynynn"},
        {"1.3", "nnyynnynnn"},
    }));
    for (std::size_t i = 0; i < operators.size(); ++i) {
        CAPTURE(available, operators[i]);
        CHECK(Dependency::parse(operators[i])->is_satisfied_by(available) == (row[i] == 'y'));
    }
}

TEST_CASE(
    "dependency: an invalid version is never satisfied, no version always", "[apk][dependency]"
) {
    CHECK_FALSE(Dependency::parse("foo=bad")->is_satisfied_by("bad"));
    CHECK_FALSE(Dependency::parse("foo<bad")->is_satisfied_by("1"));
    CHECK(Dependency::parse("foo")->is_satisfied_by("1"));
    CHECK(Dependency::parse("foo")->is_satisfied_by(""));
    CHECK(Dependency::parse("foo><Q1x=")->is_satisfied_by("Q1x="));
    CHECK_FALSE(Dependency::parse("foo><Q1x=")->is_satisfied_by("Q1y="));
}

TEST_CASE("dependency: a package name cannot be a path", "[apk][dependency]") {
    for (const char* good : {"a", "gtk+3.0", "lib_x-1.2", "7zip"}) {
        CAPTURE(good);
        CHECK(is_package_name(good));
    }
    for (const char* bad :
         {"", ".", "..", ".a", "-a", "_a", "+a", "a/b", "/a", "a b", "a:b", "a\n", "a\\b"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_package_name(bad));
    }
    CHECK(is_package_name(std::string(255, 'a')));
    CHECK_FALSE(is_package_name(std::string(256, 'a')));
    CHECK(is_dependency_name("/bin/sh"));
    CHECK(is_dependency_name("_x"));
}
