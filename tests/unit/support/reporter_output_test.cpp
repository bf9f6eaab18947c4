// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/reporter_output.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace quern;

TEST_CASE("strip_escapes: nothing is left that moves the cursor", "[support][reporter_output]") {
    CHECK(
        strip_escapes(
            "a\x1b[31mb\x1b[2Kc\x1b]0;title\x07"
            "d\x1b"
            "7e\r\n\t",
            false
        ) == "abcde\n\t"
    );
    CHECK(strip_escapes("x\x1b]8;;url\x1b\\y", false) == "xy");
    CHECK(strip_escapes("\x1b[", false).empty());
    CHECK(strip_escapes("\x1b", false).empty());
    CHECK(strip_escapes("a\x08\x9b", false) == "a\\x08\\x9b");
}

TEST_CASE("strip_escapes: colours may stay", "[support][reporter_output]") {
    CHECK(strip_escapes("\x1b[1;31mred\x1b[m\x1b[2J\x1b[>4;1m", true) == "\x1b[1;31mred\x1b[m");
}

TEST_CASE("elide_middle: keeps both ends", "[support][reporter_output]") {
    CHECK(elide_middle("abcdefghij", 10) == "abcdefghij");
    CHECK(elide_middle("abcdefghij", 9) == "abc...hij");
    CHECK(elide_middle("abcdefghij", 4) == "a...");
    CHECK(elide_middle("abcdefghij", 2) == "ab");
    CHECK(elide_middle("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 5) == "\u00e9...\u00e9");
}

TEST_CASE("describe_progress: percent and MiB", "[support][reporter_output]") {
    CHECK(describe_progress(512 << 10U, 1U << 20U, "B") == "50% 0.5/1.0 MiB");
    CHECK(describe_progress(3U << 20U, 0, "B") == "3.0 MiB");
    CHECK(describe_progress(3, 10, "packages") == "30% 3/10 packages");
    CHECK(describe_progress(3, 0, "packages") == "3 packages");
    CHECK(describe_progress(UINT64_MAX, 1, "packages").starts_with("100% "));
}

TEST_CASE(
    "step_lines: steps do not mix and long lines come in parts", "[support][reporter_output]"
) {
    std::vector<std::string> seen;
    const auto keep = [&](std::string_view step, std::string_view line) {
        seen.push_back(std::string(step) + ":" + std::string(line));
    };
    StepLines lines;
    lines.feed("a", "one\ntw", keep);
    lines.feed("b", "x", keep);
    lines.feed("a", "o\n\n", keep);
    lines.flush(keep);
    CHECK(seen == std::vector<std::string>{"a:one", "a:two", "a:", "b:x"});
    seen.clear();
    lines.feed("a", std::string(20000, 'y'), keep);
    lines.flush(keep);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].size() == 8192 + 2);
}
