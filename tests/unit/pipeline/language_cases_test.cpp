// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The conformance cases of the language by their numbers. Source: recipe-and-build 14.5.
//
//   1-7, 10-13, 15, 17-19, 29   here
//   8, 9, 14, 16, 20-28         compile_test.cpp ("case N: …"); 27 also unit/build/execute_test.cpp
//   30-32, 39                   unit/build/pack_test.cpp; of 32 the errors are here
#include "recipe/condition.hpp"
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

using Catch::Contains;
using Texts = std::vector<std::string>;
namespace recipe = quern::recipe;

namespace {

Texts values(const std::vector<recipe::Text>& list) {
    Texts texts;
    for (const recipe::Text& text : list) {
        texts.push_back(text.value);
    }
    return texts;
}

/// The script that a step echoes for the result of one transform of the version.
std::string transformed(
    const std::string& version, const std::string& match, const std::string& replace
) {
    const auto outcome = compile_text(
        "package: {name: demo, version: " + version +
        "}\nvar-transforms:\n  - from: ${{package.version}}\n    match: '" + match +
        "'\n    replace: '" + replace +
        "'\n    to: mangled\npipeline: [{runs: 'echo ${{vars.mangled}}'}]\n"
    );
    return outcome.scripts().front();
}

bool holds(const std::string& condition) {
    quern::Diagnostics diagnostics;
    const auto value = recipe::evaluate({condition, {}}, {}, diagnostics);
    REQUIRE(value);
    return *value;
}

}  // namespace

TEST_CASE("case 1: a description is replaced", "[pipeline][language]") {
    const auto outcome = compile_text(
        "package: {name: demo, version: 1.2.3, epoch: 4, description: '${{package.name}} tools'}\n"
    );
    REQUIRE(outcome.loaded);
    CHECK(outcome.loaded->package.description.value == "demo tools");
}

TEST_CASE("case 2: provides know the full version", "[pipeline][language]") {
    const auto outcome = compile_text(
        "package: {name: demo, version: 1.2.3, epoch: 4, dependencies: {provides: "
        "['demo-abi=${{package.full-version}}']}}\n"
    );
    REQUIRE(outcome.loaded);
    CHECK(values(outcome.loaded->package.dependencies.provides) == Texts{"demo-abi=1.2.3-r4"});
}

TEST_CASE("case 3: lists of packages are fixed while loading", "[pipeline][language]") {
    const auto outcome = compile_text(
        "package: {name: demo, version: 1, dependencies: {runtime: ['x-${{build.arch}}']}}\n"
    );
    CHECK(!outcome.loaded);
    CHECK_THAT(outcome.messages(), Contains("build.arch") && Contains("not defined"));
}

TEST_CASE("cases 4 and 5: transforms use Go's replacement rules", "[pipeline][language]") {
    CHECK(transformed("1.2.3", "\\.(\\d+)$", "+$1") == "echo 1.2+3");
    CHECK(transformed("1.3.6.8", "^(\\d+\\.\\d+\\.\\d+).(\\d+).*", "${1}_${2}") == "echo 1.3.6_8");
    CHECK(transformed("1.3.6.8", "^(\\d+\\.\\d+\\.\\d+).(\\d+).*", "$1_$2") == "echo 8");
}

TEST_CASE("case 6: shell variables are left alone", "[pipeline][language]") {
    CHECK(
        compile_demo("pipeline: [{runs: 'echo ${{ package.name }} $HOME ${X}'}]").scripts() ==
        Texts{"echo demo $HOME ${X}"}
    );
}

TEST_CASE("case 7: the description is known while loading only", "[pipeline][language]") {
    const std::string head = "package: {name: demo, version: 1, description: words}\n";
    CHECK(
        compile_text(head + "pipeline: [{runs: 'echo ${{package.description}}'}]\n").scripts() ==
        Texts{"echo words"}
    );
    const auto late =
        compile_text(head + "pipeline: [{runs: 'echo ${{ package.description }}'}]\n");
    CHECK(!late.compiled);
    CHECK(late.has("unknown-variable"));
}

TEST_CASE("case 10: options add packages and take them by swapping", "[pipeline][language]") {
    const std::string text =
        "package: {name: demo, version: 1}\n"
        "environment: {contents: {packages: [a, b, c]}}\n"
        "options: {ssl: {environment: {contents: {packages: {add: [openssl-dev], remove: [b]}}}}}\n"
        "pipeline: [{runs: 'echo ${{options.ssl.enabled}}'}]\n";
    recipe::LoadOptions options;
    options.architecture = "x86_64";
    options.build_options = {"ssl"};
    const auto with = compile_text(text, {}, options);
    CHECK(with.packages() == Texts{"a", "openssl-dev", "c"});
    CHECK(with.scripts() == Texts{"echo true"});
    const auto without = compile_text(text);
    CHECK(without.packages() == Texts{"a", "b", "c"});
    CHECK(without.scripts() == Texts{"echo false"});
}

TEST_CASE("cases 11 and 12: ranges", "[pipeline][language]") {
    const auto outcome = compile_demo(
        "data: [{name: m, items: {zlib: Z, bz2: B}}]\n"
        "subpackages: [{range: m, name: 'demo-${{range.key}}', description: '${{range.value}}'}]\n"
    );
    REQUIRE(outcome.loaded);
    const auto& subpackages = outcome.loaded->subpackages;
    REQUIRE(subpackages.size() == 2);
    CHECK(subpackages[0].name.value == "demo-bz2");
    CHECK(subpackages[0].description.value == "B");
    CHECK(subpackages[1].name.value == "demo-zlib");
    const auto wrong = compile_demo("subpackages: [{range: nope, name: x}]");
    CHECK_THAT(
        wrong.messages(), Contains("undefined range \"nope\"") && Contains("subpackages[0]")
    );
}

TEST_CASE("case 13: names of packages are not given twice", "[pipeline][language]") {
    CHECK_THAT(
        compile_demo("subpackages: [{name: demo-dev}, {name: x}, {name: demo-dev}]").messages(),
        Contains("duplicate subpackage name") && Contains("[0]") && Contains("[2]")
    );
    CHECK_THAT(
        compile_demo("subpackages: [{name: demo}]").messages(), Contains("same name as the main")
    );
}

TEST_CASE("case 15: unknown keys are told with their line", "[pipeline][language]") {
    const auto outcome = compile_demo("pipelines: []\nenvironment: {content: {}}\n");
    CHECK_THAT(outcome.messages(), Contains("recipe.yaml:2:1") && Contains("recipe.yaml:3:15"));
}

TEST_CASE("cases 17 and 18: conditions go from left to right", "[pipeline][language]") {
    CHECK(!holds("'a' == 'a' || 'b' == 'b' && 'c' == 'd'"));
    CHECK(holds("('a' == 'b' && 'c' == 'c') || 'd' == 'd'"));
    CHECK(holds("'it\\'s' == \"it's\""));
    CHECK(holds("\"x\\qy\" == 'x\\qy'"));
}

TEST_CASE("case 19: both sides of a condition are read", "[pipeline][language]") {
    for (const char* wrong : {"'a' == 'b' && junk", "'true'"}) {
        quern::Diagnostics diagnostics;
        CHECK(!recipe::check_condition({wrong, {}}, diagnostics));
    }
}

TEST_CASE("case 29: a version is the text that was written", "[pipeline][language]") {
    const auto outcome = compile_text("package: {name: demo, version: 1.10}\n");
    REQUIRE(outcome.loaded);
    CHECK(outcome.loaded->package.version.value == "1.10");
}

TEST_CASE("case 32: capabilities are justified and of a short list", "[pipeline][language]") {
    CHECK(compile_text("package: {name: a, version: 1, setcap: [{path: /x, add: {cap_chown: +ep}, "
                       "reason: r}]}\n")
              .has("bad-capability"));
    CHECK(compile_text("package: {name: a, version: 1, setcap: [{path: /x, add: {cap_net_raw: "
                       "+ep}}]}\n")
              .has("bad-capability"));
    CHECK(compile_demo("subpackages: [{name: b, setcap: [{path: /x, add: {cap_net_raw: +ep}, "
                       "reason: r}]}]\n")
              .loaded);
}
