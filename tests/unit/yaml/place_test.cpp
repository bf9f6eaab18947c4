// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/place.hpp"

#include "yaml/node.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;

namespace {

/// The bytes in the file of `needle` as it stands in the value of `key`, and their line.
std::pair<std::string, std::uint32_t> place(
    const std::string& text, std::string_view needle, std::string value = {}
) {
    const auto file = std::make_shared<const SourceFile>("t.yaml", text);
    Diagnostics diagnostics;
    const auto document = yaml::Document::parse(file, diagnostics);
    REQUIRE(document);
    const auto node = *document->root().find("key");
    if (value.empty()) {
        value = node.text();
    }
    const Span span = yaml::place_in_scalar(node.where(), value, value.find(needle), needle.size());
    return {
        std::string(file->text().substr(span.begin, span.length)), file->position(span.begin).line};
}

using Found = std::pair<std::string, std::uint32_t>;

}  // namespace

TEST_CASE("place: plain and quoted texts map byte for byte", "[yaml][place]") {
    CHECK(place("key: a b c\n", "b") == Found{"b", 1});
    CHECK(place("key: 'a b c'\n", "b") == Found{"b", 1});
    CHECK(place("key: \"a b c\"\n", "c") == Found{"c", 1});
}

TEST_CASE("place: lines of a block map to lines of the file", "[yaml][place]") {
    const std::string text = "x: 1\nkey: |\n    one\n\n      two two\n    three\nnext: two\n";
    CHECK(place(text, "one") == Found{"one", 3});
    CHECK(place(text, "two") == Found{"two", 5});
    CHECK(place(text, "three") == Found{"three", 6});
}

TEST_CASE("place: a block that was substituted is searched", "[yaml][place]") {
    const std::string text = "key: |\n  echo ${{a}} ${{b}}\n  echo ${{c}}\n";
    CHECK(place(text, "${{b}}", "echo long value ${{b}}\necho ${{c}}\n") == Found{"${{b}}", 2});
    CHECK(place(text, "${{c}}", "echo\nmore\n${{c}}\n") == Found{"${{c}}", 3});
    CHECK(place(text, "gone", "x\ngone\n").second == 3);
}

TEST_CASE("place: what cannot be found gives the scalar", "[yaml][place]") {
    CHECK(place("key: \"a\\tb\"\n", "\t") == Found{"\"a\\tb\"", 1});
    CHECK(place("key: 'plain'\n", "new", "new value") == Found{"'plain'", 1});
    CHECK(yaml::place_in_scalar({}, "abc", 1, 1).file == nullptr);
}

TEST_CASE("place: a whole block reaches to its last line", "[yaml][place]") {
    const auto file = std::make_shared<const SourceFile>("t.yaml", "key: |\n  a\n  b\nc: d\n");
    const Span whole = yaml::whole_scalar({file.get(), 5, 1});
    CHECK(file->text().substr(whole.begin, whole.length) == "|\n  a\n  b");
}
