// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/advice.hpp"

#include "recipe/allowance.hpp"
#include "recipe/load.hpp"
#include "tests/support/memory_file_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace quern;
using Texts = std::vector<std::string>;

namespace {

/// "line id" of each finding, after comments in the recipe were heard.
Texts advice_for(const std::string& rest) {
    MemoryFileReader reader;
    reader.add("recipe.yaml", "package: {name: demo, version: 1.2.3, epoch: 4}\n" + rest);
    Diagnostics diagnostics;
    const auto written = recipe::read("recipe.yaml", reader, diagnostics);
    REQUIRE(written);
    const auto evaluated = recipe::evaluate(*written, reader, {}, diagnostics);
    REQUIRE(evaluated);
    recipe::advise(*written, *evaluated, diagnostics);
    Texts found;
    for (const Diagnostic& diagnostic :
         recipe::without_allowed(diagnostics.take(), *written->files.front())) {
        const Position place = diagnostic.where.file->position(diagnostic.where.begin);
        found.push_back(std::to_string(place.line) + " " + diagnostic.id);
    }
    return found;
}

}  // namespace

TEST_CASE("advice: variables that are used somewhere are fine", "[recipe][advice]") {
    CHECK(advice_for(R"(vars: {a: 1, b: 2, c: 3, d: 4}
var-transforms: [{from: "${{vars.a}}", match: x, replace: y, to: e}]
pipeline:
  - runs: echo ${{vars.b}} ${{ vars.e }}
update: {github: {identifier: "${{vars.c}}"}}
test: {pipeline: [{if: "${{vars.d}} == '4'", runs: x}]}
)")
              .empty());
}

TEST_CASE(
    "advice: unused variables, results and ranges are told at their names", "[recipe][advice]"
) {
    CHECK(advice_for(R"(vars:
  used: x
  unused: y
var-transforms:
  - from: ${{vars.used}}
    match: x
    replace: y
    to: nowhere
data:
  - name: nobody
    items: {a: b}
pipeline:
  # echo ${{vars.unused}}
  - runs: "true"
)") == Texts{"4 unused-variable", "9 unused-variable", "11 unused-range"});
}

TEST_CASE("advice: groups that an expression does not have are told", "[recipe][advice]") {
    const auto [replace, count] = GENERATE(table<std::string, std::size_t>({
        {"$1_$2", 1},
        {"${1}_$2", 0},
        {"$3 $name ${x}", 3},
        {"${{host.triplet.gnu}} $$1 $0", 0},
    }));
    CAPTURE(replace);
    const auto found = advice_for(
        "var-transforms:\n  - {from: a, match: (.)(.), to: x, replace: '" + replace + "'}\n" +
        "pipeline:\n  - runs: echo ${{vars.x}}\n"
    );
    CHECK(found == Texts(count, "3 unknown-group"));
}

TEST_CASE("advice: what only a build refuses is told", "[recipe][advice]") {
    const auto [rest, finding] = GENERATE(table<std::string, std::string>({
        {"environment: {contents: {packages: ['a b']}}", "2 bad-relation"},
        {"subpackages: [{name: x, dependencies: {runtime: ['=1']}}]", "2 bad-relation"},
        {"subpackages: [{name: x, checks: {disabled: [strp]}}]", "2 unknown-linter"},
    }));
    CAPTURE(rest);
    CHECK(advice_for(rest) == Texts{finding});
}

TEST_CASE("advice: the names of linters are sorted", "[recipe][advice]") {
    const auto names = recipe::linter_names();
    CHECK(std::is_sorted(names.begin(), names.end()));
    CHECK(names.size() == 30);
}

TEST_CASE("allowance: a comment with a reason silences its line", "[recipe][allowance]") {
    CHECK(advice_for("vars:\n  x: y  # quern: allow unused-variable - read by CI\n").empty());
    CHECK(advice_for(
              "vars:\n  # quern: allow other, unused-variable - read by CI\n  # more\n\n  x: y\n"
    )
              .empty());
    CHECK(
        advice_for("# quern: allow-file unused-variable - read by CI\nvars: {x: y, z: a}\n").empty()
    );
}

TEST_CASE("allowance: others are not silenced", "[recipe][allowance]") {
    const auto [rest, findings] = GENERATE(table<std::string, Texts>({
        {"vars:\n  x: y  # quern: allow unused-variable\n",
         {"3 unused-variable", "3 bad-allowance"}},
        {"vars:\n  x: y\n  z: a  # quern: allow unused-variable - why\n", {"3 unused-variable"}},
        {"vars:\n  x: y  # quern: allow unused-range - why\n",
         {"3 unused-variable", "3 unused-allowance"}},
        {"vars: {}  # quern: allow unused-variable - why\n", {"2 unused-allowance"}},
    }));
    CAPTURE(rest);
    CHECK(advice_for(rest) == findings);
}
