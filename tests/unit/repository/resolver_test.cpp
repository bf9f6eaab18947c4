// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"

#include "quern/explain.hpp"
#include "unit/repository/index_text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <variant>

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
        {"_x 1; a 1 D:_x", "a", "_x-1 a-1"},
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
            {"a 1", "!a a", {"a-1 is excluded by !a in the world"}},
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
    const auto resolution = resolve(
        world_of(world), indexes, {.time_limit = std::chrono::milliseconds(50), .peers = {}}
    );
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

TEST_CASE("resolver: a refusal holds nothing that could be left out", "[repository][refusal]") {
    const auto [index, world, expected] =
        GENERATE(table<const char*, const char*, std::vector<std::string>>({
            // The many packages beside play no part.
            {"a 1 D:x y; x 1 D:lib<2; y 1 D:mid; mid 1 D:lib>1; lib 1; lib 2; z 1 D:lib x; x2 1",
             "a x2 z",
             {"the world needs a",
              "a-1 needs x",
              "a-1 needs y",
              "x-1 needs lib<2",
              "lib-2 does not satisfy lib<2",
              "y-1 needs mid",
              "mid-1 needs lib>1",
              "lib-1 does not satisfy lib>1",
              "only one of lib-1 and lib-2 can be there"}},
            // Versions with the same trouble are told together.
            {"a 1 D:b>9; a 2 D:b>9; a 3 D:b>9; b 1; b 2",
             "a c",
             {"the world needs c", "nothing provides c"}},
            {"a 1 D:b>9; a 2 D:b>9; a 3 D:b>9; b 1; b 2",
             "a",
             {"the world needs a",
              "a-3, a-2 and a-1 need b>9",
              "b-1 does not satisfy b>9",
              "b-2 does not satisfy b>9"}},
            {"a 1 p:v=1; b 1 p:v",
             "a b",
             {"the world needs a", "the world needs b", "only one of a-1 and b-1 can stand for v"}},
            {"a 1 D:!b; b 1",
             "a b",
             {"the world needs a", "the world needs b", "a-1 does not go with b-1 (!b)"}},
            {"a 1 D:b; |@edge b 1",
             "a",
             {"the world needs a", "a-1 needs b", "b-1 is only in the repository @edge"}},
            {"p 1 p:v=1; q 2 p:v",
             "v>1",
             {"the world needs v>1",
              "p-1 provides v=1, which does not satisfy v>1",
              "q-2 provides v without a version"}},
        }));
    CAPTURE(index, world);
    const auto indexes = indexes_of(index);
    const auto decision = decide(world_of(world), indexes);
    REQUIRE(decision);
    REQUIRE(std::holds_alternative<Refusal>(*decision));
    std::vector<std::string> texts;
    for (const Reason& reason : std::get<Refusal>(*decision).reasons) {
        texts.push_back(reason.text);
    }
    CHECK(texts == expected);
}

TEST_CASE("resolver: long lists of the rejected are cut short", "[repository][refusal]") {
    std::string index = "a 1 D:b>99;";
    for (int version = 1; version <= 40; ++version) {
        index += fmt::format("b {};", version);
    }
    const auto indexes = indexes_of(index);
    const auto decision = decide(world_of("a"), indexes);
    REQUIRE(decision);
    const auto& reasons = std::get<Refusal>(*decision).reasons;
    REQUIRE(reasons.size() == 8);
    CHECK(reasons.back().text == "nor 35 more");
    CHECK(reasons.back().packages.size() == 35);
}

TEST_CASE("resolver: only what every peer has is chosen", "[repository][resolver]") {
    const auto indexes = indexes_of("a 2 D:b; a 1 D:b; b 2; b 1; c 1; d 1; dd 1 i:d");
    auto peers = indexes_of("a 1; a 2; b 1; d 1 | a 1; b 2; b 1; d 1; dd 1");
    peers[0].architecture = "aarch64";
    peers[1].architecture = "armv7";
    const auto chosen = [&](const char* world) {
        const auto resolution = resolve(
            world_of(world), indexes, {.time_limit = std::chrono::seconds(5), .peers = peers}
        );
        std::string text =
            resolution ? "" : resolution.error().message() + "; " + resolution.error().help();
        for (std::size_t i = 0; resolution && i < resolution->packages.size(); ++i) {
            text += (i == 0 ? "" : " ") + resolution->packages[i].entry->file_name();
        }
        return text;
    };
    CHECK(chosen("a") == "b-1.apk a-1.apk");
    CHECK(mentions(chosen("c"), "c-1 is not there for aarch64"));
    CHECK(mentions(chosen("c"), "build it for that architecture too"));
    CHECK(chosen("d") == "d-1.apk");
}

TEST_CASE("resolver: indexes of one peer count together", "[repository][resolver]") {
    const auto indexes = indexes_of("a 1 D:b; b 1");
    auto peers = indexes_of("a 1 | b 1");
    peers[0].architecture = peers[1].architecture = "aarch64";
    CHECK(resolve(world_of("a"), indexes, {.time_limit = std::chrono::seconds(5), .peers = peers}));
}

TEST_CASE("resolver: a world is read as the reference reads it", "[repository][resolver]") {
    const auto text_of = [](const std::string& word) {
        const auto world = parse_world(std::vector<std::string>{word});
        return world ? world->front().to_string() : world.error().help();
    };
    CHECK(text_of("a>=1") == "a>=1");
    CHECK(text_of("a==1") == "a");  // an operator that it does not know means any version
    CHECK(mentions(text_of("a b"), "write name, name=1.2-r3"));
}

TEST_CASE("resolver: what a search changed is told", "[repository][resolver]") {
    const auto indexes = indexes_of("a 1 D:c; b 1 D:c=1; c 1; c 2");
    const auto resolution = resolve(world_of("a b"), indexes);
    REQUIRE(resolution);
    REQUIRE(resolution->notes.size() == 2);
    CHECK(mentions(resolution->notes[0], "b-1 needs c=1"));
    CHECK(resolution->notes[1] == "c-1 in the place of c-2");
}

TEST_CASE("resolver: a tag that no repository has is told", "[repository][resolver]") {
    const auto indexes = indexes_of("a 1 |@edge a 2");
    const auto lost = resolve(world_of("a@nope"), indexes);
    REQUIRE(lost);
    REQUIRE(lost->notes.size() == 1);
    CHECK(mentions(lost->notes[0], "no repository is tagged @nope: a@nope"));
    CHECK(resolve(world_of("a@edge"), indexes)->notes.empty());
}

TEST_CASE("resolver: install_if holds for what a search found too", "[repository][resolver]") {
    const auto [index, world, expected] = GENERATE(table<const char*, const char*, const char*>({
        {"a 1 D:c; b 1 D:c=1; c 1; c 2; c-doc 1 i:c=1; c-doc2 2 i:c=2",
         "a b",
         "c-1 a-1 b-1 c-doc-1"},
        // One that cannot be beside the others is nobody's need.
        {"a 1 D:c; b 1 D:c=1; c 1; c 2; c-doc 1 D:none i:c", "a b", "c-1 a-1 b-1"},
        {"a 1 D:c; b 1 D:c=1; c 1; c 2; c-doc 1 D:c=2 i:c", "a b", "c-1 a-1 b-1"},
    }));
    CAPTURE(index, world);
    CHECK(resolved(index, world) == expected);
}

namespace {

Explanation explained(const char* name, const char* index, const char* world) {
    const auto indexes = indexes_of(index);
    auto explanation = explain(name, world_of(world), indexes);
    REQUIRE(explanation);
    return std::move(*explanation);
}

std::vector<std::string> chain_of(const ExplainedMember& member) {
    std::vector<std::string> chain;
    for (const ChainLink& link : member.chain) {
        chain.push_back(link.needed_by + "|" + link.relation + "|" + link.package);
    }
    return chain;
}

std::vector<std::string> texts_of(const std::vector<Rival>& rivals) {
    std::vector<std::string> texts;
    for (const Rival& rival : rivals) {
        texts.push_back(rival.package + "|" + rival.rule + "|" + rival.text);
    }
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("explain: the chain and the losers are told", "[repository][explain]") {
    const auto [name, index, world, chain, rivals] =
        GENERATE(table<const char*, const char*, const char*, Texts, Texts>({
            {"b",
             "a 1 D:b>1; b 1; b 2; b 3 |@edge b 4",
             "a",
             {"|a|a-1", "a-1|b>1|b-3"},
             {"b-1|does-not-satisfy|b-1 does not satisfy b>1",
              "b-2|package-version|version 2 is lower than 3",
              "b-4|other-repository|b-4 is only in the repository @edge"}},
            {"v",
             "a 1 D:v; p 1 p:v k:5; q 2 p:v k:3; r 1 p:v=1 D:!a",
             "a",
             {"|a|a-1", "a-1|v|p-1"},
             {"q-2|provider-priority|its provider priority 3 is lower than 5",
              "r-1|excluded|r-1 cannot be beside p-1: both stand for v"}},
            {"v",
             "a 1 D:v; p1 1 p:v; p2 2 p:v",
             "a p1",
             {"|p1|p1-1"},
             {"p2-2|chosen-before|p1-1 was chosen before"}},
            {"x-lib",
             "a 1 D:v o:oa; x 1 o:oo; x-lib 1 o:oo p:v; y-lib 2 o:oy p:v",
             "a x",
             {"|a|a-1", "a-1|v|x-lib-1"},
             {"y-lib-2|same-origin|a package of oo 1 was chosen before, to which x-lib belongs"}},
            {"c",
             "a 1 D:c b; b 1 D:!d; c 1; d 1 p:c",
             "a",
             {"|a|a-1", "a-1|c|c-1"},
             {"d-1|excluded|d-1 is excluded by !d of b-1"}},
            {"c",
             "a 1 D:c; b 1 D:c=1; c 1; c 2",
             "a b",
             {"|a|a-1", "a-1|c|c-1"},
             {"c-2|does-not-fit|it does not fit: the world needs b; b-1 needs c=1; c-2 does not "
              "satisfy c=1; only one of c-1 and c-2 can be there"}},
        }));
    CAPTURE(name, index, world);
    const Explanation explanation = explained(name, index, world);
    REQUIRE(explanation.members.size() == 1);
    CHECK(chain_of(explanation.members[0]) == chain);
    CHECK(texts_of(explanation.members[0].rivals) == rivals);
}

TEST_CASE("explain: what came by install_if says so", "[repository][explain]") {
    const auto explanation =
        explained("b-doc", "a 1 D:b docs; b 1; docs 1; b-doc 1 i:docs b=1", "a");
    REQUIRE(explanation.members.size() == 1);
    CHECK(explanation.members[0].chain.empty());
    CHECK(explanation.members[0].triggers == Texts{"docs", "b=1"});
}

TEST_CASE("explain: a name that is not there is told why", "[repository][explain]") {
    const char* index = "a 1 D:b !e; b 1; b 2 D:nothing; c 1; e 1; hello 1; f 1 D:missing";
    const auto explanation = explained("c", index, "a");
    CHECK(texts_of(explanation.absent) == Texts{"c-1|not-needed|nothing in the result needs it"});
    CHECK_FALSE(explanation.obstacle);

    const auto excluded = explained("e", index, "a");
    REQUIRE(excluded.obstacle);
    CHECK(excluded.obstacle->reasons.back().text == "a-1 does not go with e-1 (!e)");

    const auto broken = explained("f", index, "a");
    REQUIRE(broken.obstacle);
    CHECK(broken.obstacle->reasons.back().text == "nothing provides missing");

    const auto unknown = explained("hallo", index, "a");
    CHECK(unknown.absent.empty());
    CHECK(unknown.help == "did you mean 'hello'?");
}

TEST_CASE("explain: a world without an answer is refused as by resolve", "[repository][explain]") {
    const auto indexes = indexes_of("a 1 D:b");
    const auto explanation = explain("a", world_of("a"), indexes);
    REQUIRE_FALSE(explanation);
    CHECK(explanation.error().code() == ErrorCode::unsatisfiable);
    CHECK(mentions(explanation.error().message(), "nothing provides b"));
}
