// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"

#include "unit/repository/index_text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("resolver: packages come after what they depend on", "[repository][resolver]") {
    const auto [index, world, expected] = GENERATE(table<const char*, const char*, const char*>({
        // Source: image-and-resolver 8, rows 10 to 14.
        {"a 1 D:b c; b 1 D:c; c 1 D:d; d 1", "a", "d-1 c-1 b-1 a-1"},
        {"a 1 D:z y x; x 1; y 1; z 1", "a", "x-1 y-1 z-1 a-1"},
        {"a 1 D:b c; b 1; b 2; c 1", "a", "c-1 b-2 a-1"},
        {"a 1.2; a 1.10; a 10.1", "a~1", "a-1.10"},
        {"a 1; a 1.9; a 2_rc1; a 2", "a<2", "a-2_rc1"},
        {"a 1 D:b; b 1 D:a", "a", "b-1 a-1"},
        {"a 1; b 1", "b a a", "a-1 b-1"},
        {"", "", ""},
    }));
    CAPTURE(index, world);
    CHECK(resolved(index, world) == expected);
}

TEST_CASE("resolver: the best provider is chosen", "[repository][resolver]") {
    const auto [index, world, expected] = GENERATE(table<const char*, const char*, const char*>({
        // Source: image-and-resolver 8, rows 15 to 20, 30 to 36.
        {"p1 1 p:v k:10; p2 2 p:v k:5", "v", "p1-1"},
        {"p1 9 p:v=1 k:100; p2 1 p:v=2", "v", "p2-1"},
        {"v 1; p 2 p:v", "v", "p-2"},
        {"v 1; p 1 p:v=1", "v", "p-1"},
        {"p1 1 p:v; p2 1 p:v", "p1 p2", "p1-1 p2-1"},
        {"a 1 |@edge a 2", "a", "a-1"},
        {"a 1 |@edge a 2", "a@edge", "a-2"},
        {"a 1 |@edge a 2", "a@nope", "a-1"},
        {"b 1 |@edge a 2 D:b; b 2", "a@edge", "b-1 a-2"},
        {"a 1 D:x | a 1 D:y; x 1; y 1", "a", "x-1 a-1"},
        {"a 1 D:v o:oa; x 1 o:oo; x-lib 1 o:oo p:v; y-lib 2 o:oy p:v", "a x", "x-lib-1 a-1 x-1"},
        {"a 1 D:v; p1 1 p:v; p2 2 p:v", "a p1", "p1-1 a-1"},
        {"a 1 D:b docs; b 1-r0; docs 1; b-doc 1-r0 i:docs b=1-r0",
         "a",
         "b-1-r0 docs-1 b-doc-1-r0 a-1"},
    }));
    CAPTURE(index, world);
    CHECK(resolved(index, world) == expected);
}

TEST_CASE(
    "resolver: where the walk would break a dependency, another set is found",
    "[repository][resolver]"
) {
    const auto [index, world, expected] = GENERATE(table<const char*, const char*, const char*>({
        {"a 1 D:c; b 1 D:c=1; c 1; c 2", "a b", "c-1 a-1 b-1"},
        {"a 1 D:b c; b 1 D:d; c 1 D:d<2; d 1; d 2", "a", "d-1 b-1 c-1 a-1"},
        {"a 1 D:b; bx 1 D:q i:b; b 1; q 1", "a", "b-1 a-1 q-1 bx-1"},
        {"a 1 D:v; p 2 p:v=1 D:!b; q 1 p:v=0; b 1", "a b", "q-1 a-1 b-1"},
        {"top 1 D:l r; l 1 D:x>1; r 1 D:y; y 2 D:x<2; y 1; x 1; x 2",
         "top",
         "x-2 l-1 y-1 r-1 top-1"},
    }));
    CAPTURE(index, world);
    CHECK(resolved(index, world) == expected);
}

TEST_CASE(
    "resolver: a world that cannot be met is refused with the chain", "[repository][resolver]"
) {
    const auto [index, world, words] =
        GENERATE(table<const char*, const char*, std::vector<std::string>>({
            {"a 1; a 2",
             "a=3",
             {"the world needs a=3", "a-1 does not satisfy a=3", "a-2 does not satisfy a=3"}},
            {"a 1 D:b; b 1 D:so:x",
             "a",
             {"the world needs a", "a-1 needs b", "b-1 needs so:x", "nothing provides so:x"}},
            {"p1 1 p:v=1; p2 1 p:v=1", "p1 p2", {"p2", "v"}},
            {"a 1; z 1 D:!a", "a z", {"z-1", "a-1", "!a"}},
            {"a 1 D:b c; b 1 D:d=1; c 1 D:d=2; d 1; d 2",
             "a",
             {"c-1 needs d=2", "d-1 does not satisfy d=2"}},
            {"a 1", "!a a", {"a-1 is excluded by !a"}},
        }));
    CAPTURE(index, world);
    const std::string message = resolved(index, world);
    REQUIRE(mentions(message, "error: "));
    for (const std::string& word : words) {
        CAPTURE(word, message);
        CHECK(mentions(message, word));
    }
}

TEST_CASE("resolver: a near name or a provider is suggested", "[repository][resolver]") {
    const auto [world, help] = GENERATE(table<const char*, const char*>(
        {{"hallo", "did you mean 'hello'?"},
         {"gcc", "cmd:gcc is provided by gcc-12"},
         {"unheardof", ""}}
    ));
    CAPTURE(world);
    const auto indexes = indexes_of("hello 1; gcc-12 12 p:cmd:gcc=12");
    const auto resolution = resolve(world_of(world), indexes);
    REQUIRE_FALSE(resolution);
    CHECK(resolution.error().code() == ErrorCode::unsatisfiable);
    CHECK(resolution.error().help() == help);
}

TEST_CASE("resolver: a search is said to have been one", "[repository][resolver]") {
    const auto indexes = indexes_of("a 1 D:c; b 1 D:c=1; c 1; c 2");
    CHECK(resolve(world_of("a b"), indexes)->used_search);
    CHECK_FALSE(resolve(world_of("a"), indexes)->used_search);
}

TEST_CASE("resolver: long chains and cycles end", "[repository][resolver]") {
    constexpr int length = 3000;
    std::string text;
    for (int i = 0; i < length; ++i) {
        text += fmt::format("p{} 1 D:p{};", i, (i + 1) % length);
    }
    const auto indexes = indexes_of(text);
    const auto resolution = resolve(world_of("p0"), indexes);
    REQUIRE(resolution);
    CHECK(resolution->packages.size() == length);
}

TEST_CASE("resolver: a puzzle without an answer is proven to have none", "[repository][resolver]") {
    // Six pigeons, five holes: each hole is a name that only one package may provide.
    std::string text;
    std::string world;
    for (int pigeon = 0; pigeon < 6; ++pigeon) {
        for (int hole = 0; hole < 5; ++hole) {
            text += fmt::format("in{}x{} 1 p:pigeon{} hole{}=1;", pigeon, hole, pigeon, hole);
        }
        world += fmt::format("pigeon{} ", pigeon);
    }
    CHECK(mentions(resolved(text, world), "error: no set of packages fits"));
}

TEST_CASE("resolver: time is bounded", "[repository][resolver]") {
    std::string text;
    std::string world;
    for (int pigeon = 0; pigeon < 14; ++pigeon) {
        for (int hole = 0; hole < 13; ++hole) {
            text += fmt::format("in{}x{} 1 p:pigeon{} hole{}=1;", pigeon, hole, pigeon, hole);
        }
        world += fmt::format("pigeon{} ", pigeon);
    }
    const auto indexes = indexes_of(text);
    const auto resolution =
        resolve(world_of(world), indexes, {.time_limit = std::chrono::milliseconds(50)});
    REQUIRE_FALSE(resolution);
    CHECK(resolution.error().code() == ErrorCode::limit);
    CHECK(mentions(resolution.error().help(), "--resolve-timeout"));
}

TEST_CASE("resolver: shared names without a version do not blow up", "[repository][resolver]") {
    // Each level has two names, each name leads to both of the next level: 2^40 ways down.
    std::string text;
    for (int level = 0; level < 40; ++level) {
        for (const char* side : {"l", "r"}) {
            text += fmt::format("{0}{1} 1 p:v{0}{1} D:vl{2} vr{2};", side, level, level + 1);
        }
    }
    text += "l40 1 p:vl40; r40 1 p:vr40";
    const auto indexes = indexes_of(text);
    const auto resolution = resolve(world_of("l0"), indexes);
    REQUIRE(resolution);
    CHECK(resolution->packages.size() == 81);
}

TEST_CASE(
    "resolver: the result does not depend on the order of the world", "[repository][resolver]"
) {
    const char* index = "z 1 D:v; b 1 D:p1; p1 1 p:v; p2 2 p:v";
    CHECK(resolved(index, "z b") == resolved(index, "b z"));
    CHECK(resolved(index, "b z") == "p1-1 b-1 z-1");
}

TEST_CASE("explain: the chain and the losers are told", "[repository][explain]") {
    const auto indexes = indexes_of("a 1 D:b>1; b 1; b 2; b 3 |@edge b 4");
    const auto world = world_of("a");
    const auto resolution = resolve(world, indexes);
    REQUIRE(resolution);
    const auto lines = explain("b", world, indexes, *resolution);
    REQUIRE(lines);
    const std::vector<std::string> expected = {
        "the world needs a: a-1",
        "a-1 needs b>1: b-3",
        "b-1 does not satisfy b>1",
        "b-2 lost: 2 is lower than 3",
    };
    REQUIRE(lines->size() == 5);
    CHECK(std::vector(lines->begin(), lines->begin() + 4) == expected);
    CHECK_FALSE(explain("none", world, indexes, *resolution));
}
