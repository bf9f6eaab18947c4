// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "yaml/fields.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using namespace quern;
using yaml::parse_boolean;
using yaml::parse_integer;

namespace {

struct Thing {
    std::string name;
    bool flag = false;
    std::uint64_t count = 7;
    std::optional<int> level;
    std::vector<std::string> list;
};

constexpr std::array fields = {
    yaml::field<&Thing::name>("name"),
    yaml::field<&Thing::flag>("flag", yaml::Shape::boolean),
    yaml::field<&Thing::count>("count", yaml::Shape::integer),
    yaml::field<&Thing::level>("level", yaml::Shape::integer),
    yaml::field<&Thing::list>("list", yaml::Shape::list),
};
constexpr yaml::Table<Thing> table{"a thing", fields};

struct Read {
    Thing thing;
    std::vector<Diagnostic> diagnostics;
};

Read read(const std::string& text, bool is_strict = true) {
    const auto file = std::make_shared<const SourceFile>("t.yaml", text);
    Diagnostics diagnostics;
    diagnostics.keep(file);
    const auto document = yaml::Document::parse(file, diagnostics);
    REQUIRE(document);
    Read result;
    yaml::Reader reader{diagnostics, is_strict};
    yaml::read_fields(document->root(), result.thing, table, reader);
    result.diagnostics = diagnostics.take();
    for (Diagnostic& diagnostic : result.diagnostics) {
        diagnostic.where = {};
    }
    return result;
}

}  // namespace

TEST_CASE("fields: whole numbers have the spellings of YAML 1.1", "[yaml][fields]") {
    const auto [text, value] = GENERATE(Catch::Generators::table<const char*, std::int64_t>({
        {"0", 0},
        {"+5", 5},
        {"-1", -1},
        {"1_000", 1000},
        {"0x10", 16},
        {"0b11", 3},
        {"0o17", 15},
        {"017", 15},
        {"1e3", 1000},
        {"1.0", 1},
        {"08", 8},
        {"9223372036854775807", INT64_MAX},
    }));
    CAPTURE(text);
    CHECK(parse_integer(text) == value);
}

TEST_CASE("fields: what is no whole number is none", "[yaml][fields]") {
    const std::string text = GENERATE(
        "",
        "-",
        "one",
        "1.5",
        "1 2",
        "0x",
        "18446744073709551616",
        "1e300",
        "--1",
        "+-1",
        ".",
        "_",
        "inf",
        "nan"
    );
    CAPTURE(text);
    CHECK(!parse_integer(text));
}

TEST_CASE("fields: truth has its usual words", "[yaml][fields]") {
    CHECK(parse_boolean("yes") == true);
    CHECK(parse_boolean("On") == true);
    CHECK(parse_boolean("FALSE") == false);
    CHECK(parse_boolean("n") == false);
    CHECK(!parse_boolean("yEs"));
    CHECK(!parse_boolean("1"));
}

TEST_CASE("fields: a table reads its map, and nulls change nothing", "[yaml][fields]") {
    const auto result = read("name: 1.10\nflag: yes\ncount: ~\nlevel: -3\nlist: [a, ~, b]\n");
    CHECK(result.diagnostics.empty());
    CHECK(result.thing.name == "1.10");
    CHECK(result.thing.flag);
    CHECK(result.thing.count == 7);
    CHECK(result.thing.level == -3);
    CHECK(result.thing.list == std::vector<std::string>{"a", "b"});
}

TEST_CASE("fields: all that is wrong is reported", "[yaml][fields]") {
    const auto result =
        read("name: [a]\nflag: 'true'\ncount: -1\nlevel: 99999999999\nlist: a\nnmae: x\n");
    REQUIRE(result.diagnostics.size() == 6);
    CHECK(result.diagnostics[1].help == "take the quotes away");
    CHECK(result.diagnostics[5].id == "unknown-key");
    CHECK(result.diagnostics[5].help == "did you mean 'name'?");
}

TEST_CASE("fields: a reader that is not strict passes over unknown keys only", "[yaml][fields]") {
    CHECK(read("other: 1\nname: x\n", false).diagnostics.empty());
    CHECK(read("name: {}\n", false).diagnostics.size() == 1);
}

TEST_CASE("fields: the number of errors told is bounded", "[yaml][fields]") {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += "k" + std::to_string(i) + ": x\n";
    }
    CHECK(read(text).diagnostics.size() == 1001);
}
