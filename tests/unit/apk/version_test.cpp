// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/version.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace quern::apk;

TEST_CASE("version: each of a row is below the next", "[apk][version]") {
    const std::vector<std::vector<const char*>> rows = {
        {"1.0_alpha", "1.0_alpha1", "1.0_beta", "1.0_pre", "1.0_rc", "1.0_rc2", "1.0_rc10", "1.0"},
        {"1.0",
         "1.0_cvs",
         "1.0_svn",
         "1.0_git",
         "1.0_git20240101",
         "1.0_hg",
         "1.0_p",
         "1.0_p1",
         "1.0a",
         "1.0b",
         "1.0.1",
         "1.1"},
        {"0.9", "1", "1.0", "1.01", "1.05", "1.1", "1.9", "1.10", "2", "10"},
        {"1.2-r0", "1.2-r1", "1.2-r2", "1.2-r10", "1.2_p1-r0", "1.2.0-r0"},
        {"1.0~1234", "1.0~1234-r0", "1.0~abcd"},
        {"1.18446744073709551615", "1.18446744073709551616", "1.99999999999999999999999999"},
    };
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            for (std::size_t j = 0; j < row.size(); ++j) {
                CAPTURE(row[i], row[j]);
                CHECK((compare_versions(row[i], row[j]) == (i <=> j)));
            }
        }
    }
}

TEST_CASE("version: a revision makes a version higher than without", "[apk][version]") {
    CHECK((compare_versions("1.2", "1.2-r0") < 0));
    CHECK((*Version::parse("1.2-r3") > *Version::parse("1.2")));
    CHECK((*Version::parse("1.2-r3") == *Version::parse("1.2-r03")));
}

TEST_CASE("version: invalid texts are not versions", "[apk][version]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "",
        ".1",
        "a",
        "v1",
        "1.",
        "1..0",
        "1.0.",
        "1.0-r",
        "1.0-",
        "-r1",
        "1.0a1",
        "1.0ab",
        "1.0_",
        "1.0_foo",
        "1.0_post1",
        "1.0-r1-r2",
        "1.0-r1.2",
        "1.0~",
        "1.0~12G",
        "1.0~AB",
        "1.0 ",
        " 1.0",
        "1/0",
        "1.0\n",
        "1.0-p1",
        "1_1",
        "1.0__p"
    );
    CAPTURE(text);
    CHECK_FALSE(Version::parse(text).has_value());
    CHECK_FALSE(is_valid_version(text));
}

TEST_CASE("version: what was parsed is printed unchanged", "[apk][version]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "0",
        "1.2.3",
        "1.2b",
        "1.2_rc1_p3-r4",
        "1.0~1234abcd-r0",
        "20240101",
        "1.02.003"
    );
    REQUIRE(Version::parse(text).has_value());
    CHECK(Version::parse(text)->to_string() == text);
}

TEST_CASE("version: comparing any two texts is antisymmetric", "[apk][version]") {
    const std::vector<std::string> texts = {
        "",
        "1",
        "1.0",
        "1.0.0",
        "1.",
        "1.0_rc",
        "1.0_rc1",
        "1.0_p",
        "x",
        "1.0x",
        "1.0-r1",
        "1.0-",
        "1~ab",
        "1.0_pp",
        "01",
        "1.00",
        "1.0_rc_p"};
    for (const auto& a : texts) {
        CHECK((compare_versions(a, a) == 0));
        for (const auto& b : texts) {
            CAPTURE(a, b);
            CHECK((compare_versions(a, b) < 0) == (compare_versions(b, a) > 0));
        }
    }
}

TEST_CASE("version: fuzzy matching looks no further than what is wanted", "[apk][version]") {
    CHECK(matches_fuzzily("1.2.3-r4", "1.2"));
    CHECK(matches_fuzzily("1.2.3-r4", "1.2.3-r4"));
    CHECK_FALSE(matches_fuzzily("1.2", "1.2.3"));
    CHECK_FALSE(matches_fuzzily("1.20", "1.2"));
    CHECK_FALSE(matches_fuzzily("1.2", "1.2-r0"));
}

TEST_CASE("version: recipes have one pre-release and one later suffix at most", "[apk][version]") {
    for (const char* good :
         {"1",
          "1.2.3",
          "1.2a",
          "1.2_rc1",
          "1.2_alpha",
          "1.2_git20240101",
          "1.2_rc1_p2",
          "1.2-r3",
          "0.20240101120000"}) {
        CAPTURE(good);
        CHECK(is_recipe_version(good));
    }
    for (const char* bad :
         {"",
          "1_p1_rc1",
          "1_rc1_rc2",
          "1_p1_git2",
          "1~ab",
          "v1",
          "1.2-",
          "1.2_x",
          "1.123456789012345678"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_recipe_version(bad));
    }
    CHECK_FALSE(is_recipe_version("1.2-r3", false));
    CHECK(is_recipe_version("1.2", false));
}
