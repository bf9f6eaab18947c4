// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace std::string_literals;
using namespace quern;

TEST_CASE("text: trim and split", "[support][text]") {
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split_words("  a\tb\n c ") == std::vector<std::string_view>{"a", "b", "c"});
    CHECK(split_words("   ").empty());
}

TEST_CASE("text: join, replace and lower case", "[support][text]") {
    const std::vector<std::string> parts = {"a", "b"};
    CHECK(join(parts, ", ") == "a, b");
    CHECK(join({}, ", ").empty());
    CHECK(replace_all("aXbXX", "X", "--") == "a--b----");
    CHECK(replace_all("aa", "a", "aa") == "aaaa");
    CHECK(replace_all("abc", "", "x") == "abc");
    CHECK(to_lower("AbC\u00c4") == "abc\u00c4");
}

TEST_CASE("text: numbers are digits only and do not overflow", "[support][text]") {
    CHECK(parse_unsigned("18446744073709551615") == UINT64_MAX);
    CHECK(parse_signed("-9223372036854775808") == INT64_MIN);
    const auto* const bad =
        GENERATE("", " 1", "1 ", "+1", "-1", "0x1", "1e3", "18446744073709551616");
    CAPTURE(bad);
    CHECK_FALSE(parse_unsigned(bad));
}

TEST_CASE("text: UTF-8 must be well formed", "[support][text]") {
    CHECK(is_valid_utf8("a\u00e9\u20ac\U0010FFFF"));
    const std::string bad = GENERATE(
        "\x80"s,
        "\xC0\x80"s,
        "\xC3"s,
        "\xE0\x80\x80"s,
        "\xED\xA0\x80"s,
        "\xF4\x90\x80\x80"s,
        "\xF5"s
    );
    CHECK_FALSE(is_valid_utf8(bad));
}

TEST_CASE("text: edit distance counts slips up to a limit", "[support][text]") {
    CHECK(edit_distance("fetch", "fetch", 3) == 0);
    CHECK(edit_distance("fetchh", "fetch", 3) == 1);
    CHECK(edit_distance("fecth", "fetch", 3) == 1);
    CHECK(edit_distance("kitten", "sitting", 5) == 3);
    CHECK(edit_distance("kitten", "sitting", 2) == 3);
    CHECK(edit_distance("", "abc", 3) == 3);
    CHECK(edit_distance("", "abc", 1) == 2);
}

TEST_CASE("text: nearest finds what was meant", "[support][text]") {
    constexpr std::array<std::string_view, 5> names = {
        "fetch", "git-checkout", "split/dev", "runs", "run"};
    CHECK(nearest("fetchh", names) == "fetch");
    CHECK(nearest("git-chekout", names) == "git-checkout");
    CHECK(nearest("FETCH", names) == "fetch");
    CHECK(nearest("ruin", names) == "run");  // "runs" is as near
    CHECK(nearest("zzz", names).empty());
    CHECK(nearest("x", names).empty());
    CHECK(nearest("", names).empty());
}

TEST_CASE("text: printable leaves nothing that moves a terminal", "[support][text]") {
    CHECK(printable("a\x1b[1m\n\t\x7f") == "a\\x1b[1m\\x0a\\x09\\x7f");
    CHECK(printable("a\n\tb\r", true) == "a\n\tb\\x0d");
    CHECK(printable("\u00e9\u20ac") == "\u00e9\u20ac");
    CHECK(printable("\xFF\xC3") == "\\xff\\xc3");
    CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");
    CHECK(printable("\u202e") == "\\xe2\\x80\\xae");
    CHECK(printable("a\0b"s) == "a\\x00b");
}

TEST_CASE("text: a shell word is quoted when needed", "[support][text]") {
    CHECK(shell_quote("usr/bin/a-b.c") == "usr/bin/a-b.c");
    CHECK(shell_quote("--prefix=/usr") == "--prefix=/usr");
    CHECK(shell_quote("A=b") == "'A=b'");
    CHECK(shell_quote("") == "''");
    CHECK(shell_quote("it's $x") == "'it'\\''s $x'");
    CHECK(shell_quote("~") == "'~'");
}

TEST_CASE("text: sizes for people", "[support][text]") {
    CHECK(human_size(0) == "0 B");
    CHECK(human_size(1023) == "1023 B");
    CHECK(human_size(1536) == "1.5 KiB");
    CHECK(human_size(1468006) == "1.4 MiB");
    CHECK(human_size((1U << 20U) - 1) == "1.0 MiB");
    CHECK(human_size(UINT64_MAX) == "16.0 EiB");
}

TEST_CASE("text: URLs lose their secrets", "[support][text]") {
    CHECK(redact_url("https://user:pw@host/a?token=x&y#z") == "https://host/a?token=***&***#z");
    CHECK(redact_url("https://host/a") == "https://host/a");
    CHECK(redact_url("https://host?key=v") == "https://host?key=***");
    CHECK(redact_url("http://h/a@b") == "http://h/a@b");
    CHECK(redact_url("git@host:a/b") == "git@host:a/b");
    CHECK(redact_url("x://") == "x://");
}
