// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/duration.hpp"

#include <catch2/catch.hpp>

using namespace quern::recipe;
using std::chrono::nanoseconds;

TEST_CASE("duration: Go's spellings are read", "[recipe][duration]") {
    const auto [text, value] = GENERATE(table<const char*, std::int64_t>({
        {"0", 0},
        {"1h30m", 5'400'000'000'000},
        {"90s", 90'000'000'000},
        {"1.5s", 1'500'000'000},
        {".5m", 30'000'000'000},
        {"300ms", 300'000'000},
        {"2us", 2'000},
        {"2\xC2\xB5s", 2'000},
        {"-1m1ns", -60'000'000'001},
        {"+1h", 3'600'000'000'000},
    }));
    CAPTURE(text);
    CHECK(parse_duration(text) == nanoseconds(value));
}

TEST_CASE("duration: other texts are none", "[recipe][duration]") {
    const char* text = GENERATE(
        "",
        "90",
        "1",
        "h",
        "1x",
        "1h 30m",
        "-",
        ".",
        "1.h.",
        "99999999999999h",
        "9223372037s",
        "1d",
        "ms"
    );
    CAPTURE(text);
    CHECK(!parse_duration(text));
}

TEST_CASE("duration: printing is undone by reading", "[recipe][duration]") {
    const auto [value, text] = GENERATE(table<std::int64_t, const char*>({
        {0, "0s"},
        {1, "1ns"},
        {1'500, "1.5\xC2\xB5s"},
        {2'000'000, "2ms"},
        {1'500'000'000, "1.5s"},
        {61'000'000'000, "1m1s"},
        {5'400'000'000'000, "1h30m0s"},
        {-3'600'000'000'000, "-1h0m0s"},
    }));
    CHECK(to_string(nanoseconds(value)) == text);
    CHECK(parse_duration(text) == nanoseconds(value));
}
