// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;

namespace {

std::shared_ptr<const SourceFile> file_of(std::string text) {
    return std::make_shared<const SourceFile>("t.yaml", std::move(text));
}

}  // namespace

TEST_CASE("decode: a definition's unknown keys are passed over at any depth", "[recipe][decode]") {
    Diagnostics diagnostics;
    std::string native;
    const auto file = file_of(
        "name: t\ndescription: x\nnative: fetch\ninputs:\n  n: {required: true, default: 7, extra: "
        "1}\nneeds: {packages: [a], more: []}\npipeline: [{runs: a, odd: 1}]\n"
    );
    const auto node = recipe::decode_definition(file, diagnostics, &native);
    REQUIRE(node);
    CHECK(diagnostics.is_empty());
    CHECK(native == "fetch");
    CHECK(node->inputs.at("n").required);
    CHECK(node->inputs.at("n").default_value->value == "7");
    CHECK(node->needs_packages.size() == 1);
    CHECK(node->pipeline[0].runs.value == "a");
}

TEST_CASE("decode: a definition of the wrong form is refused", "[recipe][decode]") {
    Diagnostics diagnostics;
    CHECK(!recipe::decode_definition(file_of("pipeline:\n  - runs: a\ninputs: [a]\n"), diagnostics)
    );
    CHECK(recipe::decode_definition(file_of(""), diagnostics));
}

TEST_CASE("decode: steps keep the place of each text", "[recipe][decode]") {
    Diagnostics diagnostics;
    const auto file = file_of("pipeline:\n  - name: one\n    runs: |\n      make\n");
    const auto recipe = recipe::decode_recipe(file, diagnostics);
    REQUIRE(recipe);
    const auto& node = recipe->pipeline.at(0);
    CHECK(file->position(node.where.begin).line == 2);
    CHECK(file->text().substr(node.name.where.begin, node.name.where.length) == "one");
    CHECK(file->position(node.runs.where.begin).line == 3);
}

TEST_CASE("decode: null members of lists vanish and null values are empty", "[recipe][decode]") {
    Diagnostics diagnostics;
    const auto recipe = recipe::decode_recipe(
        file_of("vars: {a: ~}\npipeline: [~, {runs: x}]\nsubpackages: ~\n"), diagnostics
    );
    REQUIRE(recipe);
    CHECK(diagnostics.is_empty());
    CHECK(recipe->vars.at("a").value.empty());
    CHECK(recipe->pipeline.size() == 1);
}

TEST_CASE("decode: keys for images are known but not used", "[recipe][decode]") {
    Diagnostics diagnostics;
    const auto recipe = recipe::decode_recipe(
        file_of("environment:\n  layering: {strategy: origin, budget: 5}\n  certificates: {}\n  "
                "include: x\n  contents: {baseimage: {}}\n"),
        diagnostics
    );
    CHECK(recipe);
    CHECK(diagnostics.is_empty());
}
