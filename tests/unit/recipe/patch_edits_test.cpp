// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/patch_edits.hpp"

#include <catch2/catch.hpp>

using quern::SourceFile;
using quern::recipe::edit_patches;
using quern::recipe::PatchStep;
using Names = std::vector<std::string>;

namespace {

std::string edit(const std::string& text, const Names& names, const PatchStep& step = {}) {
    const auto edited = edit_patches(std::make_shared<const SourceFile>("x", text), names, step);
    return edited ? *edited : "refused: " + edited.error().message();
}

const std::string fetch = "pipeline:\n  - uses: fetch\n    with:\n      uri: a\n";

}  // namespace

TEST_CASE("patch edits: the names of a step's patches change and nothing else", "[recipe]") {
    const auto [before, after] = GENERATE(table<std::string, std::string>({
        {"  - uses: patch  # why\n    with:\n      patches: old.patch\n      fuzz: 1\n",
         "  - uses: patch  # why\n    with:\n      patches: |\n        a.patch\n        "
         "b.patch\n      fuzz: 1\n"},
        {"  - uses: git-am\n    with:\n      patches: |\n        1.patch\n        2.patch\n\n"
         "  - runs: make\n",
         "  - uses: git-am\n    with:\n      patches: |\n        a.patch\n        b.patch\n\n"
         "  - runs: make\n"},
        {"  - {uses: patch, with: {patches: 'x y'}}\n",
         "  - {uses: patch, with: {patches: \"a.patch b.patch\"}}\n"},
    }));
    CHECK(edit(fetch + before, {"a.patch", "b.patch"}) == fetch + after);
}

TEST_CASE("patch edits: a recipe without a step gets one behind its source", "[recipe]") {
    CHECK(
        edit(fetch + "\n  - runs: make\n", {"a.patch"}) ==
        fetch + "  - uses: patch\n    with:\n      patches: a.patch\n\n  - runs: make\n"
    );
    CHECK(
        edit(
            "pipeline:\n- uses: git-checkout\n  with: {repository: r, destination: d}\n",
            {"../a.patch", "../b.patch"},
            {"git-am", "d"}
        ) ==
        "pipeline:\n- uses: git-checkout\n  with: {repository: r, destination: d}\n"
        "- uses: git-am\n  working-directory: d\n  with:\n    patches: |\n      ../a.patch\n      "
        "../b.patch\n"
    );
}

TEST_CASE("patch edits: what cannot be changed is refused, and told", "[recipe]") {
    const std::string steps = GENERATE(
        "  - uses: patch\n    with: {series: s}\n",
        "  - uses: patch\n    with: {patches: a, strip-components: 0}\n",
        "  - uses: patch\n    with: {patches: a}\n  - uses: patch\n    with: {patches: b}\n"
    );
    const auto edited = edit_patches(
        std::make_shared<const SourceFile>("x", fetch + steps), {"a.patch", "b.patch"}, {}
    );
    REQUIRE_FALSE(edited);
    CHECK(edited.error().code() == quern::ErrorCode::unsupported);
    CHECK(edited.error().help() == "write it yourself: patches: \"a.patch b.patch\"");
    CHECK(edit("pipeline: [{uses: fetch}]\n", {"a"}).starts_with("refused"));
    CHECK(edit("pipeline: [{runs: make}]\n", {"a"}).starts_with("refused"));
    CHECK(edit("package: {name: x}\n", {"a"}).starts_with("refused"));
}
