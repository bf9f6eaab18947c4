// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/timestamp.hpp"

#include <catch2/catch.hpp>

using quern::Timestamp;

TEST_CASE("timestamp: RFC 3339 goes there and back", "[support][timestamp]") {
    const auto seconds = GENERATE(0, 1, -1, 951782400, 981173106, 253402300799);
    const Timestamp timestamp(seconds);
    CAPTURE(timestamp.to_rfc3339());
    CHECK(Timestamp::parse_rfc3339(timestamp.to_rfc3339()) == timestamp);
    CHECK(Timestamp(981173106).to_rfc3339() == "2001-02-03T04:05:06Z");
}

TEST_CASE("timestamp: offsets and fractions are read", "[support][timestamp]") {
    CHECK(Timestamp::parse_rfc3339("2001-02-03T05:05:06.999+01:00")->seconds() == 981173106);
    CHECK(Timestamp::parse_rfc3339("2001-02-02t23:35:06-04:30")->seconds() == 981173106);
    CHECK(Timestamp::parse_rfc3339("2000-02-29T00:00:00Z"));
}

TEST_CASE("timestamp: what is no date is refused", "[support][timestamp]") {
    const auto* const bad = GENERATE(
        "",
        "2001-02-03",
        "2001-02-29T00:00:00Z",
        "2001-13-01T00:00:00Z",
        "2001-02-03T24:00:00Z",
        "2001-02-03T04:05:06",
        "2001-02-03T04:05:06.Z",
        "2001-02-03T04:05:06Zx",
        "2001-02-03T04:05:06+0100",
        "-001-02-03T04:05:06Z"
    );
    CAPTURE(bad);
    CHECK_FALSE(Timestamp::parse_rfc3339(bad));
}

TEST_CASE("timestamp: seconds are decimal and within four-digit years", "[support][timestamp]") {
    CHECK(Timestamp::parse_seconds("981173106")->seconds() == 981173106);
    CHECK_FALSE(Timestamp::parse_seconds("-1"));
    CHECK_FALSE(Timestamp::parse_seconds("1.5"));
    CHECK_FALSE(Timestamp::parse_seconds("253402300800"));
    CHECK(Timestamp(INT64_MAX).to_rfc3339() == "9999-12-31T23:59:59Z");
    CHECK(Timestamp(INT64_MIN).to_rfc3339() == "0000-01-01T00:00:00Z");
}
