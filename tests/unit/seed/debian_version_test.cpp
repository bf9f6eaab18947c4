// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/version.hpp"
#include "seed/debian_names.hpp"

#include <catch2/catch.hpp>

using quern::apk::compare_versions;
using quern::apk::is_recipe_version;
using quern::seed::map_version;

TEST_CASE("debian_version: versions become apk versions", "[seed][debian_version]") {
    auto [debian, apk] = GENERATE(table<const char*, const char*>({
        {"2.10-3", "2.10_p3-r0"},
        {"1:1.35.0-4+deb12u1+b1", "1.35.0_p4-r120101"},
        {"2.36-9+deb12u14", "2.36_p9-r121400"},
        {"9.1-1", "9.1_p1-r0"},
        {"3.4-1+b6", "3.4_p1-r6"},
        {"1:1.2.13.dfsg-1", "1.2.13_p1-r0"},
        {"2:6.2.1+dfsg1-1.1", "6.2.1_p1-r1000000"},
        {"1.34+dfsg-1.2+deb12u1", "1.34_p1-r2120100"},
        {"2:2.3.4~rc1+dfsg-5+deb12u1", "2.3.4_rc1_p5-r120100"},
        {"1:2.3.4~beta2-1", "2.3.4_beta2_p1-r0"},
        {"1.0~git20220101.1abc-1", "1.0_alpha20220101_p1-r0"},
        {"0~20171227.deadbeef-1", "0_alpha20171227_p1-r0"},
        {"1.1.1n-0+deb11u5", "1.1.1n_p0-r110500"},
        {"1:9.2p1-2+deb12u3", "9.2.1_p2-r120300"},
        {"20230311", "20230311-r0"},
        {"20230311+deb12u1", "20230311-r120100"},
        {"12.4+deb12u14", "12.4-r121400"},
        {"1.21.23", "1.21.23-r0"},
        {"5.7-0.5~deb12u1", "5.7_p0-r4991201"},
        {"3.0.22-1~deb12u2", "3.0.22_p0-r100001202"},
        {"1:2.39.5-0+deb12u3", "2.39.5_p0-r120300"},
        {"6.0-0~bpo12+1", "6.0-r100001201"},
        {"2.4.7+20221014-1", "2.4.7.20221014_p1-r0"},
        {"99999999999999999999.1-1", "99999999999999999.1_p1-r0"},
        {"", "0-r0"},
        {"-", "0_p0-r0"},
        {"a.b.c", "0a-r0"},
    }));
    CAPTURE(debian);
    CHECK(map_version(debian) == apk);
    CHECK(is_recipe_version(apk));
}

TEST_CASE("debian_version: order is kept", "[seed][debian_version]") {
    // Each pair is in the order that dpkg --compare-versions gives.
    auto [lower, higher] = GENERATE(table<const char*, const char*>({
        {"1:1.35.0-4+b3", "1:1.35.0-4+deb12u1+b1"},
        {"2.36-9+deb12u9", "2.36-9+deb12u14"},
        {"2.36-9+deb11u3", "2.36-9+deb12u1"},
        {"5.4.1-1", "5.4.1-1+b1"},
        {"5.4.1-1+b1", "5.4.1-1+deb12u1"},
        {"5.4.1-1+deb12u1", "5.4.1-1.1"},
        {"5.4.1-1.1", "5.4.1-1.2"},
        {"5.4.1-1.2", "5.4.1-2"},
        {"5.4.1-2", "5.4.1-10"},
        {"5.4.1-10", "5.4.2-1"},
        {"5.4.9-1", "5.4.10-1"},
        {"5.7-0.4", "5.7-0.5~deb12u1"},
        {"5.7-0.4+deb12u2", "5.7-0.5~deb12u1"},
        {"5.7-0.5~deb12u1", "5.7-0.5~deb12u2"},
        {"5.7-0.5~deb12u2", "5.7-0.5"},
        {"3.0.20-1~deb12u1", "3.0.20-1"},
        {"3.0.20-0.99", "3.0.20-1~deb12u1"},
        {"3.0.20-1", "3.0.22-1~deb12u2"},
        {"2.0~alpha1-1", "2.0~beta1-1"},
        {"2.0~beta1-1", "2.0~rc1-1"},
        {"2.0~rc1-1", "2.0~rc2-1"},
        {"2.0~rc2-1", "2.0-1"},
        {"1.1.1n-1", "1.1.1w-1"},
        {"1.1.1w-1", "1.1.2-1"},
        {"1:9.2p1-2", "1:9.3p1-1"},
        {"9.2-1", "9.2p1-1"},
        {"20210119", "20230311"},
        {"20230311", "20230311+deb12u1"},
        {"12.4", "12.4+deb12u5"},
        {"12.4+deb12u5", "12.4+deb12u14"},
        {"1.0+git20210101-1", "1.0+git20220101-1"},
    }));
    CAPTURE(lower, higher, map_version(lower), map_version(higher));
    CHECK((compare_versions(map_version(lower), map_version(higher)) < 0));
}
