// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/node.hpp"

#include "yaml/encoding.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using yaml::Document;
using yaml::Node;

namespace {

struct Parsed {
    std::shared_ptr<const SourceFile> file;
    std::vector<Diagnostic> diagnostics;
    std::optional<Document> document;
    Node root() const { return document->root(); }
    Node at(std::string_view key) const { return *root().find(key); }
};

Parsed parse(std::string text) {
    Parsed parsed;
    parsed.file = std::make_shared<const SourceFile>("t.yaml", std::move(text));
    Diagnostics diagnostics;
    parsed.document = Document::parse(parsed.file, diagnostics);
    parsed.diagnostics = diagnostics.take();
    return parsed;
}

std::string id_of(std::string text) {
    const Parsed parsed = parse(std::move(text));
    CHECK(parsed.document.has_value() == parsed.diagnostics.empty());
    return parsed.diagnostics.empty() ? "" : parsed.diagnostics.front().id;
}

std::string text_at(Span span) {
    return std::string(span.file->text().substr(span.begin, span.length));
}

}  // namespace

TEST_CASE("node: scalars keep the text that was written", "[yaml][node]") {
    const auto parsed = parse("a: 1.10\nb: no\nc: 010\nd: 2024-01-01\ne: 'q'\nf: \"x\\ty\"\n");
    REQUIRE(parsed.document);
    CHECK(parsed.at("a").text() == "1.10");
    CHECK(parsed.at("b").text() == "no");
    CHECK(parsed.at("c").text() == "010");
    CHECK(parsed.at("d").text() == "2024-01-01");
    CHECK(parsed.at("e").text() == "q");
    CHECK(parsed.at("f").text() == "x\ty");
    CHECK(!parsed.at("a").is_quoted());
    CHECK(parsed.at("e").is_quoted());
}

TEST_CASE("node: escapes of characters beyond ASCII are UTF-8", "[yaml][node]") {
    const auto parsed = parse("a: \"x\\Ny\\_\\x85\\u20ac\\U0001F600\"\n");
    REQUIRE(parsed.document);
    CHECK(parsed.at("a").text() == "x\xC2\x85y\xC2\xA0\xC2\x85\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("node: an untyped null is empty, a quoted one is a text", "[yaml][node]") {
    const auto parsed = parse("a:\nb: ~\nc: null\nd: 'null'\n");
    CHECK(parsed.at("a").is_null());
    CHECK(parsed.at("b").is_null());
    CHECK(parsed.at("c").text().empty());
    CHECK(parsed.at("d").text() == "null");
}

TEST_CASE("node: a span is the scalar's own bytes", "[yaml][node]") {
    const auto [value, where] = GENERATE(table<const char*, const char*>({
        {"'it''s' # c", "'it''s'"},
        {"\"a\\\"b\"", "\"a\\\"b\""},
        {"plain text # c", "plain text"},
        {"&anchor !!str tagged", "tagged"},
        {"|-\n  x\n", "|-"},
        {"> # folded\n  x\n", ">"},
        {"two\n  lines", "two\n  lines"},
        {"\xC3\xBC\xC3\xBC b", "\xC3\xBC\xC3\xBC b"},
    }));
    CAPTURE(value);
    const auto parsed = parse(std::string("\xC3\xBC: 1\nkey: ") + value);
    REQUIRE(parsed.document);
    CHECK(text_at(parsed.at("key").where()) == where);
}

TEST_CASE("node: spans fit the file with every kind of line end", "[yaml][node]") {
    const std::string end = GENERATE("\n", "\r\n", "\r");
    const auto parsed = parse(
        "\xEF\xBB\xBF"
        "a: 1" +
        end + "b: |" + end + "  x" + end + "  y" + end + "c: here" + end
    );
    REQUIRE(parsed.document);
    CHECK(parsed.at("b").text() == "x\ny\n");
    CHECK(text_at(parsed.at("c").where()) == "here");
    CHECK(parsed.file->position(parsed.at("c").where().begin).line == 5);
}

TEST_CASE("node: only the first document is read", "[yaml][node]") {
    const auto parsed = parse("a: 1\n---\na: 2\nb: ]\n");
    REQUIRE(parsed.document);
    CHECK(parsed.at("a").text() == "1");
}

TEST_CASE("node: merges give way to own keys and to earlier maps", "[yaml][node]") {
    const auto parsed =
        parse("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: own\n  <<: [*a, *b]\n");
    REQUIRE(parsed.document);
    const Node map = parsed.at("c");
    CHECK(map.size() == 3);
    CHECK(map.find("x")->text() == "1");
    CHECK(map.find("y")->text() == "1");
    CHECK(map.find("z")->text() == "own");
    CHECK(!map.find("<<"));
}

TEST_CASE("node: a quoted << is a key like any other", "[yaml][node]") {
    const auto parsed = parse("a: {'<<': 1}\n");
    CHECK(parsed.at("a").find("<<")->text() == "1");
}

TEST_CASE("node: what is no YAML for us is refused", "[yaml][node]") {
    const auto [text, id] = GENERATE(table<std::string, std::string>({
        {"a: b: c", "bad-yaml"},
        {"a: \"open", "bad-yaml"},
        {"a: [1", "bad-yaml"},
        {"[a, b]: c", "bad-yaml"},
        {"{a: b}: c", "bad-yaml"},
        {"a: *none", "bad-yaml"},
        {"a: 1\nb: 2\na: 3", "duplicate-key"},
        {"a: &a {x: 1}\nb: {<<: *a, <<: *a}", "duplicate-key"},
        {"a: {<<: text}", "bad-merge"},
        {"a: {<<: [text]}", "bad-merge"},
        {"a: &a [*a]", "alias-limit"},
        {"a: &a\n  b: *a", "alias-limit"},
        {"a: \x01", "bad-encoding"},
        {"a: \xC2\x80", "bad-encoding"},
        {"a: \xFF", "bad-encoding"},
        {"a: \xED\xA0\x80", "bad-encoding"},
    }));
    CAPTURE(text);
    CHECK(id_of(text) == id);
}

TEST_CASE("node: nesting is bounded in every style", "[yaml][node]") {
    const std::string opening = GENERATE("[", "{a: ", "[\n", "- ", "? ", "- - - ");
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        text += opening;
    }
    CHECK(id_of(text) == "yaml-limit");
    std::string block;
    for (int i = 0; i < 600; ++i) {
        block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    }
    CHECK(id_of(block) == "yaml-limit");
}

TEST_CASE("node: the number of values is bounded", "[yaml][node]") {
    std::string text = "a: [";
    for (int i = 0; i < 110'000; ++i) {
        text += "x,";
    }
    CHECK(id_of(text + "]\n") == "yaml-limit");
    std::string maps = "a: [";
    for (int i = 0; i < 30'000; ++i) {
        maps += "{a: b},";
    }
    CHECK(id_of(maps + "]\n").empty());
    std::string twice;
    for (int i = 0; i < 3'000; ++i) {
        twice += "a: b\n";
    }
    CHECK(parse(twice).diagnostics.size() == 1'001);
}

TEST_CASE("node: brackets in long texts are not nesting", "[yaml][node]") {
    std::string text = "a: |\n";
    for (int i = 0; i < 2000; ++i) {
        text += "  if [ x; then {\n";
    }
    text += "b: '" + std::string(2000, '-') + " - -'\n";
    CHECK(id_of(text).empty());
}

TEST_CASE("node: aliases that multiply are refused without being followed", "[yaml][node]") {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + "," + last +
                "," + last + "]\n";
    }
    CHECK(id_of(text) == "alias-limit");
    std::string merges = "a: &a {";
    for (int i = 0; i < 2000; ++i) {
        merges += "k" + std::to_string(i) + ": x, ";
    }
    merges += "}\n";
    for (int i = 0; i < 2000; ++i) {
        merges += "m" + std::to_string(i) + ": {<<: *a}\n";
    }
    CHECK(id_of(merges) == "alias-limit");
}

TEST_CASE("node: UTF-16 with a mark is read", "[yaml][node]") {
    CHECK(
        yaml::to_utf8(std::string(
            "\xFF\xFE"
            "a\0:\0 \0\xFC\0",
            10
        )) == "a: \xC3\xBC"
    );
    CHECK(
        yaml::to_utf8(std::string(
            "\xFE\xFF"
            "\0a\xD8\x3D\xDE\x00",
            8
        )) == "a\xF0\x9F\x98\x80"
    );
    CHECK(yaml::to_utf8(std::string("\xFE\xFF\xD8\x3D", 4)) == "\xEF\xBF\xBD");
    CHECK(yaml::to_utf8("plain") == "plain");
}

TEST_CASE("encoding: counted characters lead to bytes", "[yaml][encoding]") {
    std::string text;
    std::vector<std::size_t> begins;
    for (int i = 0; i < 300; ++i) {
        begins.push_back(text.size());
        text += i % 3 == 0 ? "\xE2\x82\xAC" : i % 7 == 0 ? "\xC3\xBC" : "x";
    }
    const yaml::CharacterOffsets offsets(text);
    for (std::size_t i = 0; i < begins.size(); ++i) {
        CHECK(offsets.byte(i) == begins[i]);
    }
    CHECK(offsets.byte(begins.size()) == text.size());
    CHECK(offsets.byte(100'000) == text.size());
    CHECK(yaml::CharacterOffsets("plain").byte(3) == 3);
}

TEST_CASE("node: a character beyond ASCII does not move what follows", "[yaml][node]") {
    const auto parsed =
        parse("\xE2\x82\xAC: [\xC3\xBC, here]\n# \xF0\x9F\x98\x80\nkey: \"there\"\n");
    REQUIRE(parsed.document);
    CHECK(text_at(parsed.at("\xE2\x82\xAC").item(1).where()) == "here");
    CHECK(text_at(parsed.at("key").where()) == "\"there\"");
}

TEST_CASE("node: an anchor may be named again", "[yaml][node]") {
    const auto parsed = parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
    REQUIRE(parsed.document);
    CHECK(parsed.at("b").text() == "1");
    CHECK(parsed.at("d").text() == "2");
}

TEST_CASE("node: what stands behind the first document is not looked at", "[yaml][node]") {
    CHECK(id_of("a: 1\n...\n]").empty());
}
