// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/source_file.hpp"

#include <catch2/catch.hpp>

using quern::Position;
using quern::SourceFile;

TEST_CASE("source_file: LF, CRLF and CR end a line", "[support][source_file]") {
    const SourceFile file("x", "one\ntwo\r\nthree\rfour");
    REQUIRE(file.line_count() == 4);
    CHECK(file.line(1) == "one");
    CHECK(file.line(2) == "two");
    CHECK(file.line(3) == "three");
    CHECK(file.line(4) == "four");
    CHECK(file.line(0).empty());
    CHECK(file.line(5).empty());
    CHECK(file.line_start(3) == 9);
}

TEST_CASE("source_file: a byte order mark is no part of the text", "[support][source_file]") {
    const SourceFile file("x", "\xEF\xBB\xBFname: y");
    CHECK(file.text() == "name: y");
    CHECK(file.position(0) == Position{1, 1});
}

TEST_CASE("source_file: columns count code points", "[support][source_file]") {
    const SourceFile file("x", "a\n\u00e9\u20ac\U0001F600b\n");
    CHECK(file.position(2) == Position{2, 1});
    CHECK(file.position(4) == Position{2, 2});
    CHECK(file.position(7) == Position{2, 3});
    CHECK(file.position(11) == Position{2, 4});
    CHECK(file.position(5) == Position{2, 2});  // inside the second
}

TEST_CASE("source_file: a byte that is not UTF-8 is one column", "[support][source_file]") {
    const SourceFile file("x", "\xFF\xE2\x82z");
    CHECK(file.position(3) == Position{1, 4});
}

TEST_CASE("source_file: an offset past the end is the end", "[support][source_file]") {
    const SourceFile file("x", "ab\n");
    CHECK(file.position(99) == Position{2, 1});
    CHECK(SourceFile("y", "").position(5) == Position{1, 1});
    CHECK(SourceFile("y", "").line_count() == 1);
}
