// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/prune.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using repository::prune;
using Names = std::set<std::string>;

namespace {

apk::Index index_of(const std::string& text) {
    auto index = apk::Index::parse(text);
    REQUIRE(index);
    return std::move(*index);
}

const std::string old_and_new = "P:a\nV:1-r0\n\nP:a\nV:2-r0\np:cmd:a=2\n\nP:a\nV:3-r0\n\n";

}  // namespace

TEST_CASE("prune: the newest of each name stay", "[repository][prune]") {
    const apk::Index index = index_of(old_and_new + "P:b\nV:1-r0\n\n");
    CHECK(prune(index, 1)->dropped == Names{"a-1-r0.apk", "a-2-r0.apk"});
    CHECK(prune(index, 2)->dropped == Names{"a-1-r0.apk"});
    CHECK(prune(index, 3)->dropped.empty());
    CHECK(prune(index, 1)->spared.empty());
}

TEST_CASE("prune: what a staying package needs is spared", "[repository][prune]") {
    const auto [needs, dropped, spared] = GENERATE(table<std::string, std::string, std::size_t>({
        {"a=1-r0", "a-2-r0.apk", 1},
        {"a<3", "a-1-r0.apk", 1},
        {"cmd:a", "a-1-r0.apk", 1},
        {"a", "a-1-r0.apk a-2-r0.apk", 0},
        {"!a=1-r0", "a-1-r0.apk a-2-r0.apk", 0},
        {"a=7", "a-1-r0.apk a-2-r0.apk", 0},
        {"nosuch", "a-1-r0.apk a-2-r0.apk", 0},
    }));
    CAPTURE(needs);
    const auto pruning = prune(index_of(old_and_new + "P:b\nV:1-r0\nD:" + needs + "\n\n"), 1);
    REQUIRE(pruning);
    std::string names;
    for (const std::string& name : pruning->dropped) {
        names += (names.empty() ? "" : " ") + name;
    }
    CHECK(names == dropped);
    CHECK(pruning->spared.size() == spared);
}

TEST_CASE("prune: what a spared package needs is spared too", "[repository][prune]") {
    const auto pruning = prune(
        index_of("P:a\nV:1-r0\nD:c=1-r0\n\nP:a\nV:2-r0\n\nP:b\nV:1-r0\nD:a=1-r0\n\n"
                 "P:c\nV:1-r0\n\nP:c\nV:2-r0\n\n"),
        1
    );
    REQUIRE(pruning);
    CHECK(pruning->dropped.empty());
    REQUIRE(pruning->spared.size() == 2);
    CHECK_THAT(pruning->spared[0], Catch::Contains("a-1-r0.apk stays: b-1-r0 needs a=1-r0"));
}
