// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/writer.hpp"

#include "yaml/node.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;

namespace {

std::string read_back(const std::string& text) {
    const auto file = std::make_shared<const SourceFile>("t.yaml", text);
    Diagnostics diagnostics;
    const auto document = yaml::Document::parse(file, diagnostics);
    CAPTURE(text);
    REQUIRE(document);
    const auto node = *document->root().find("list")->item(0).find("key");
    REQUIRE(node.is_scalar());
    return node.text();
}

}  // namespace

TEST_CASE("writer: words that mean something else are quoted", "[yaml][writer]") {
    const std::string word = GENERATE(
        "yes",
        "No",
        "true",
        "null",
        "~",
        "1.10",
        "010",
        "-1",
        ".5",
        "2024-01-01",
        "=",
        "<<",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "a:",
        "[a]",
        "{a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a",
        "\"a",
        "- a",
        "? a",
        "a, b",
        "Inf"
    );
    CAPTURE(word);
    CHECK(yaml::scalar(word).front() == '"');
    CHECK(read_back("list:\n  - key: " + yaml::scalar(word) + "\n") == word);
}

TEST_CASE("writer: plain words stay plain", "[yaml][writer]") {
    CHECK(yaml::scalar("hello world") == "hello world");
    CHECK(yaml::scalar("/usr/bin/x-y_z+1=2~3") == "/usr/bin/x-y_z+1=2~3");
    CHECK(yaml::scalar("https://example.org/a") == "https://example.org/a");
}

TEST_CASE("writer: every text comes back", "[yaml][writer]") {
    const std::string text = GENERATE(
        "one\ntwo\n",
        "one\ntwo",
        "one\n\n\n",
        "\n one\n",
        "  indented\nless\n",
        "\ttab\nx",
        "trailing \nspace",
        "a\rb\n",
        "a\r\nb\n",
        "\n\n",
        " \n ",
        "quote \" and \\ back\nslash",
        "x\xC2\x85y\nz",
        "\xE2\x80\xA8\n",
        "\xF0\x9F\x98\x80\nß",
        "bell \x07\n",
        "#!/bin/sh\n# c\n\nset -e\n",
        "a\n   \nb\n",
        "--- x\n...\n"
    );
    CAPTURE(text);
    CHECK(read_back("list:\n  - key: " + yaml::block_scalar(text, 6) + "\n    after: x\n") == text);
    CHECK(read_back("list:\n  - key: " + yaml::scalar(text) + "\n") == text);
}

TEST_CASE("writer: lines stand as a block", "[yaml][writer]") {
    CHECK(yaml::block_scalar("a\n\nb\n", 4) == "|\n    a\n\n    b");
    CHECK(yaml::block_scalar("a\nb", 2) == "|-\n  a\n  b");
    CHECK(yaml::block_scalar("plain", 2) == "plain");
}

TEST_CASE("writer: bytes that are not UTF-8 become a replacement", "[yaml][writer]") {
    CHECK(yaml::scalar("a\xFF") == "\"a\xEF\xBF\xBD\"");
    CHECK(yaml::block_scalar("a\xFF\nb", 2) == "\"a\xEF\xBF\xBD\\nb\"");
}
