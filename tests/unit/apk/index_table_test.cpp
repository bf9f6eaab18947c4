// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/index_table.hpp"

#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;

namespace {

const std::string two_records =
    "C:Q1m+sdMKtErkREQmg/kWNgnKU1BfM=\nP:a\nV:1-r0\nA:x86_64\nS:10\nI:20\nT:first\no:base\nt:5\n"
    "D:so:libb.so.1  !c b>=2\np:cmd:a=1-r0 so:liba.so.1=1.2 plain\n"
    "i:b c=1\nk:7\n\n"
    "P:b\r\nV:2\r\nL:MIT\r\n\r\n";

std::string bytes_of(const IndexTable& table) {
    std::string bytes;
    REQUIRE(table.write([&bytes](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
    }));
    return bytes;
}

/// From a copy that the table keeps.
std::optional<IndexTable> from_bytes(std::string bytes, const IndexLimits& limits = {}) {
    const auto owner = std::make_shared<const std::string>(std::move(bytes));
    return IndexTable::from_bytes(owner, *owner, limits);
}

IndexTable table_of(std::string text, const IndexLimits& limits = {}) {
    auto table = IndexTable::parse(std::move(text), limits);
    REQUIRE(table);
    return *table;
}

}  // namespace

TEST_CASE("index_table: a row has what choosing looks at", "[apk][index_table]") {
    const IndexTable table = table_of(two_records);
    REQUIRE(table.size() == 2);
    const IndexRow row = table.row(0);
    CHECK(row.name == "a");
    CHECK(row.version == "1-r0");
    CHECK(row.origin == "base");
    CHECK(row.provider_priority == 7);
    CHECK(
        split_relation_words(row.depends) ==
        std::vector<std::string_view>{"so:libb.so.1", "!c", "b>=2"}
    );
    CHECK(split_relation_words(row.install_if) == std::vector<std::string_view>{"b", "c=1"});
    std::string provided;
    const auto [first, end] = table.provided_range(0);
    for (std::size_t i = first; i < end; ++i) {
        const IndexTable::Provided one = table.provided(i);
        provided +=
            std::string(table.name(one.name_number).text) + "|" + std::string(one.version) + " ";
    }
    CHECK(provided == "cmd:a|1-r0 so:liba.so.1|0.1.2 plain| ");
    CHECK(table.provided_range(1) == std::pair<std::size_t, std::size_t>(3, 3));
    CHECK(table.version(1) == "2");
    CHECK(table.name(table.name_number(1)).text == "b");
}

TEST_CASE("index_table: names lead to packages and to those that provide them", "[apk]") {
    const IndexTable table =
        table_of("P:a\nV:1\np:x=1 b\n\nP:b\nV:1\np:b=2 x\n\nP:b\nV:2\np:x\n\n");
    const auto packages = [&table](const std::string& name) {
        std::string found;
        for (std::size_t i = 0; i < table.name_count(); ++i) {
            if (const auto one = table.name(i); one.text == name) {
                CHECK(table.find_name(name, one.hash) == i);
                CHECK_FALSE(table.find_name(name, one.hash + 1));
                for (const std::uint32_t package : table.candidates(i)) {
                    found += std::to_string(package) + " ";
                }
            }
        }
        return found;
    };
    CHECK(packages("a") == "0 ");
    CHECK(packages("b") == "1 2 0 1 ");
    CHECK(packages("x") == "0 1 2 ");
}

TEST_CASE("index_table: entries are those of the index", "[apk][index_table]") {
    const auto index = Index::parse(two_records);
    REQUIRE(index);
    const IndexTable table = table_of(two_records);
    CHECK(table.to_index().to_string() == index->to_string());
    CHECK(table.entry(1).license == "MIT");
    const auto made = IndexTable::of(*index);
    REQUIRE(made);
    CHECK(made->to_index().to_string() == index->to_string());
}

TEST_CASE("index_table: what an index refuses, a table does", "[apk][index_table]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "P:../a\nV:1\n",
        "P:a\nV:1/2\n",
        "V:1\n",
        "P:a\nP:b\nV:1\n",
        "P:a\nV:1\nS:x\n",
        "P:a\nV:1\nT:\x1b[31m\n",
        "P:a\nV:1\nC:Q1!\n",
        "C:Q1m+sdMKtErkREQmg/kWNgnKU1BfN=\nP:a\nV:1\n"  // bits behind the last byte
    );
    const auto index = Index::parse(text);
    const auto table = IndexTable::parse(text);
    REQUIRE_FALSE(index);
    REQUIRE_FALSE(table);
    CHECK(table.error().message() == index.error().message());
}

TEST_CASE("index_table: bytes give the same table", "[apk][index_table]") {
    const IndexTable table = table_of(two_records);
    const auto again = from_bytes(bytes_of(table));
    REQUIRE(again);
    CHECK(again->to_index().to_string() == table.to_index().to_string());
    REQUIRE(again->name_count() == table.name_count());
    for (std::size_t i = 0; i < table.name_count(); ++i) {
        CHECK(again->name(i).text == table.name(i).text);
        CHECK(again->name(i).hash == table.name(i).hash);
    }
    CHECK(again->provided(1).version == "0.1.2");
    CHECK(bytes_of(*again) == bytes_of(table));
}

TEST_CASE("index_table: no changed byte is taken", "[apk][index_table]") {
    const std::string bytes = bytes_of(table_of(two_records));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 4);
        CHECK_FALSE(from_bytes(damaged, {}));
        CHECK_FALSE(from_bytes(bytes.substr(0, i), {}));
    }
    CHECK_FALSE(from_bytes(bytes + "x", {}));
}

TEST_CASE("index_table: limits hold for bytes too", "[apk][index_table]") {
    const std::string bytes = bytes_of(table_of(two_records));
    CHECK(from_bytes(bytes, {}));
    CHECK_FALSE(from_bytes(bytes, {.text_bytes = 100}));
    CHECK_FALSE(from_bytes(bytes, {.line_bytes = 20}));
    CHECK_FALSE(from_bytes(bytes, {.entries = 1}));
    CHECK_FALSE(from_bytes(bytes, {.relations = 7}));
    CHECK(from_bytes(bytes, {.entries = 2, .relations = 8}));
}

TEST_CASE("index_table: it is read from a signed file", "[apk][index_table]") {
    const auto index = Index::parse(two_records);
    REQUIRE(index);
    const auto bytes = write_index(*index, &test_key());
    REQUIRE(bytes);
    const auto body = verified_index_body(*bytes, &test_keyring());
    REQUIRE(body);
    CHECK(body->by == "test.rsa.pub");
    const auto table = read_index_table(body->bytes);
    REQUIRE(table);
    CHECK(table->to_index().to_string() == index->to_string());
    std::string changed = *bytes;
    changed[changed.size() - 9] = static_cast<char>(changed[changed.size() - 9] ^ 1);
    CHECK_FALSE(verified_index_body(changed, &test_keyring()));
}
