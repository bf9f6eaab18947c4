// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

using Catch::Contains;
using quern::pipeline::with_disabled;
using Texts = std::vector<std::string>;

namespace {

std::map<std::string, std::string> greeting() {
    return {
        {"t",
         "inputs: {who: {default: world}, n: {required: true}}\n"
         "pipeline: [{runs: 'echo ${{inputs.who}} ${{inputs.n}}'}]\n"}};
}

}  // namespace

TEST_CASE("case 8: paths and names follow the subpackage", "[pipeline][compile]") {
    const auto outcome = compile_demo(R"(subpackages:
  - name: demo-doc
    pipeline:
      - runs: echo ${{targets.contextdir}} ${{targets.destdir}} ${{context.name}} ${{subpkg.name}} ${{targets.subpkgdir}}
pipeline:
  - runs: echo ${{targets.contextdir}} ${{context.name}}
)");
    CHECK(outcome.scripts(0) == Texts{"echo /home/build/melange-out/demo demo"});
    CHECK(
        outcome.scripts(1) == Texts{"echo /home/build/melange-out/demo-doc "
                                    "/home/build/melange-out/demo demo-doc demo-doc "
                                    "/home/build/melange-out/demo-doc"}
    );
}

TEST_CASE("case 9: triplets follow the architecture", "[pipeline][compile]") {
    const char* recipe =
        "pipeline: [{runs: 'echo ${{host.triplet.gnu}} ${{cross.triplet.rust.musl}} "
        "${{build.goarch}}'}]";
    CHECK(
        compile_demo(recipe, {}, "aarch64").scripts() ==
        Texts{"echo aarch64-unknown-linux-gnu aarch64-unknown-linux-musl arm64"}
    );
    CHECK(
        compile_demo(recipe).scripts() ==
        Texts{"echo x86_64-pc-linux-gnu x86_64-unknown-linux-musl amd64"}
    );
}

TEST_CASE("case 14: a false subpackage is gone but for its needs", "[pipeline][compile]") {
    const auto outcome = compile_demo(R"(subpackages:
  - {name: a, pipeline: [{runs: x, needs: {packages: [for-a]}}]}
  - name: d
    if: "'a' == 'b'"
    pipeline: [{runs: y, needs: {packages: [for-d]}}]
    test: {pipeline: [{runs: z}]}
  - {name: e}
)");
    CHECK(outcome.packages() == Texts{"for-a", "for-d"});
    REQUIRE(outcome.compiled->plan.packages.size() == 3);
    CHECK(outcome.compiled->plan.packages[1].package == "a");
    CHECK(outcome.compiled->plan.packages[2].package == "e");
    CHECK(outcome.compiled->plan.tests.empty());
    CHECK(outcome.compiled->configuration.subpackages.size() == 2);
    const auto all = with_disabled(*outcome.compiled);
    REQUIRE(all.subpackages.size() == 3);
    CHECK(all.subpackages[1].name.value == "d");
    CHECK(all.subpackages[2].name.value == "e");
}

TEST_CASE("case 16: nested steps win over the definition", "[pipeline][compile]") {
    const auto outcome =
        compile_demo("pipeline: [{uses: fetch, with: {uri: x}, pipeline: [{runs: own}]}]");
    CHECK(outcome.scripts() == Texts{"own"});
    CHECK(outcome.steps()[0].native.empty());
    CHECK(outcome.compiled->configuration.pipeline[0].with.at("uri").value == "x");
}

TEST_CASE("case 20: a false step neither runs nor needs anything", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(vars: {f: 'on'}
pipeline:
  - if: ${{build.arch}} == 'x86_64'
    needs: {packages: [a]}
    runs: no
    pipeline: [{needs: {packages: [b]}, runs: no}]
  - if: "'${{vars.f}}' == 'on'"
    needs: {packages: [c]}
    runs: echo yes
)",
        {},
        "aarch64"
    );
    CHECK(outcome.scripts() == Texts{"echo yes"});
    CHECK(outcome.packages() == Texts{"c"});
    CHECK(outcome.compiled->configuration.pipeline[0].condition.value == "\"aarch64\" == 'x86_64'");
}

TEST_CASE("case 21: required steps are counted", "[pipeline][compile]") {
    const auto holds = compile_demo(
        R"(pipeline: [{assertions: {required-steps: 1}, pipeline: [{if: "'a' == 'b'", runs: x}, {runs: y}]}])"
    );
    CHECK(holds.scripts() == Texts{"y"});
    const auto fails = compile_demo(
        R"(pipeline: [{assertions: {required-steps: 2}, pipeline: [{if: "'a' == 'b'", runs: x}, {runs: y}]}])"
    );
    REQUIRE(fails.steps().size() == 2);
    CHECK(fails.steps()[0].failed_assertion.empty());
    CHECK(fails.steps()[1].failed_assertion == "pipeline did not run the required 2 steps, only 1");
    CHECK(fails.steps()[1].script.empty());
}

TEST_CASE("case 22: inputs are defaulted, required and known", "[pipeline][compile]") {
    const auto compile = [](const std::string& with) {
        return compile_demo("pipeline: [{uses: t, with: {" + with + "}}]", greeting());
    };
    CHECK(compile("n: 1").scripts() == Texts{"echo world 1"});
    CHECK(compile("n: 1, who: ''").scripts() == Texts{"echo world 1"});
    const auto missing = compile("");
    CHECK(!missing.compiled);
    CHECK(missing.has("missing-input"));
    CHECK_THAT(missing.messages(), Contains("required input 'n'") && Contains("recipe.yaml:2:"));
    const auto unknown = compile("n: 1, z: 2");
    CHECK(unknown.has("unknown-input"));
    CHECK_THAT(unknown.messages(), Contains("undefined input 'z'"));
}

TEST_CASE("case 23: inputs are handed down", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: a, with: {who: bob}}]",
        {{"a", "inputs: {who: {}}\npipeline: [{uses: b, with: {who: '${{inputs.who}}'}}]"},
         {"b", "inputs: {who: {}}\npipeline: [{uses: c, with: {who: '${{inputs.who}}'}}]"},
         {"c", "inputs: {who: {}}\npipeline: [{runs: 'hello ${{inputs.who}}'}]"}}
    );
    CHECK(outcome.scripts() == Texts{"hello bob"});
    CHECK(outcome.steps()[0].origin.size() == 4);
    CHECK(outcome.steps()[0].uses == "c");
    CHECK(outcome.steps()[0].name == "c");
}

TEST_CASE("case 24: names stay in the directory of definitions", "[pipeline][compile]") {
    const auto name = GENERATE(as<std::string>{}, "../x", "/x", "a/../../x", "a//b", "./x", "a\\b");
    CAPTURE(name);
    const auto outcome = compile_demo("pipeline: [{uses: '" + name + "'}]", {{"x", "runs: x"}});
    CHECK(outcome.has("bad-pipeline-name"));
    CHECK_THAT(outcome.messages(), Contains(name));
}

TEST_CASE("case 24: an unknown definition is an error at its name", "[pipeline][compile]") {
    const auto outcome = compile_demo("pipeline:\n  - uses: fetchh\n  - uses: not/there\n");
    REQUIRE(outcome.diagnostics.size() == 2);
    CHECK_THAT(
        outcome.messages(),
        Contains("recipe.yaml:3:11: error: unknown pipeline 'fetchh'") &&
            Contains("did you mean 'fetch'?") && Contains("recipe.yaml:4:11:")
    );
}

TEST_CASE("case 25: needs keep their order and follow inputs", "[pipeline][compile]") {
    const auto chosen = compile_demo(
        "pipeline: [{uses: go/build, with: {go-package: go-1.25, packages: ., output: x}}]"
    );
    CHECK(chosen.packages() == Texts{"go-1.25", "build-base", "busybox", "ca-certificates-bundle"});
    const auto left = compile_demo("pipeline: [{uses: go/build, with: {packages: ., output: x}}]");
    CHECK(left.packages().at(0) == "go");
}

TEST_CASE("case 26: directories and variables are inherited", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(pipeline:
  - working-directory: src
    environment: {A: "1"}
    pipeline:
      - runs: p
      - {working-directory: /tmp, environment: {A: "2", B: "3"}, runs: q}
      - {working-directory: sub, runs: r}
)"
    );
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    const auto& steps = outcome.steps();
    REQUIRE(steps.size() == 3);
    CHECK(steps[0].working_directory == "/home/build/src");
    CHECK(steps[0].environment == Pairs{{"A", "1"}});
    CHECK(steps[1].working_directory == "/tmp");
    CHECK(steps[1].environment == Pairs{{"A", "2"}, {"B", "3"}});
    CHECK(steps[2].working_directory == "/home/build/sub");
}

TEST_CASE("compile: the network is handed down and can be taken back", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(pipeline:
  - runs: off
  - network: true
    pipeline:
      - runs: inherited
      - {runs: taken-back, network: false}
      - uses: t
)",
        {{"t", "pipeline: [{runs: in-definition}]"}}
    );
    std::vector<std::string> open;
    for (const auto& step : outcome.steps()) {
        if (step.network) {
            open.push_back(step.script);
        }
    }
    CHECK(open == Texts{"inherited", "in-definition"});
    const std::string yaml = quern::recipe::to_yaml(outcome.compiled->configuration);
    CHECK_THAT(yaml, Contains("network: true"));
}

TEST_CASE("compile: downloads are places below the workspace", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(pipeline:
  - uses: t
    working-directory: src
    with: {root: ../lib}
)",
        {{"t",
          "inputs: {root: {default: .}}\n"
          "pipeline:\n"
          "  - downloads: {into: .kept/t, locks: ['${{inputs.root}}/x.lock', y.lock], "
          "of-environment: true}\n"
          "    runs: get\n"
          "  - runs: use\n"}}
    );
    REQUIRE(outcome.steps().size() == 2);
    const auto& downloads = outcome.steps()[0].downloads;
    REQUIRE(downloads.has_value());
    CHECK(downloads->into == ".kept/t");
    CHECK(downloads->locks == Texts{"lib/x.lock", "src/y.lock"});
    CHECK(downloads->of_environment);
    CHECK_FALSE(outcome.steps()[1].downloads.has_value());
    const std::string yaml = quern::recipe::to_yaml(outcome.compiled->configuration);
    CHECK_THAT(yaml, Contains("downloads:"));
    CHECK_THAT(yaml, Contains("into: \".kept/t\""));
}

TEST_CASE("compile: an input may lead lock files out of the workspace", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline:\n  - uses: t\n    with: {root: /opt/it}\n",
        {{"t",
          "inputs: {root: {default: .}}\n"
          "pipeline:\n"
          "  - downloads: {into: .kept/t, locks: ['${{inputs.root}}/x.lock', y.lock]}\n"
          "    runs: get\n"}}
    );
    REQUIRE(outcome.steps().size() == 1);
    REQUIRE(outcome.steps()[0].downloads.has_value());
    CHECK_FALSE(outcome.steps()[0].downloads->may_be_kept);
}

TEST_CASE("case 27: a directory is a path, not shell text", "[pipeline][compile]") {
    const auto outcome =
        compile_demo("pipeline: [{runs: make}, {working-directory: a b, runs: x}]");
    CHECK(outcome.steps()[0].script == "make");
    CHECK(outcome.steps()[0].working_directory == "/home/build");
    CHECK(outcome.steps()[1].working_directory == "/home/build/a b");
}

TEST_CASE("case 28: checksums have their length after substitution", "[pipeline][compile]") {
    const auto fetch = [](const std::string& with) {
        return compile_demo(
            "vars: {good: " + std::string(64, 'a') + ", bad: abc}\npipeline:\n  - uses: fetch\n" +
            "    with: {uri: u, " + with + "}\n"
        );
    };
    CHECK(fetch("expected-sha256: " + std::string(64, 'A')).compiled);
    CHECK(fetch("expected-sha256: '${{ vars.good }}'").compiled);
    CHECK(fetch("expected-none: 'true'").compiled);
    CHECK(fetch("timeout: 9").compiled);
    const auto wrong = fetch("expected-sha256: " + std::string(63, 'a'));
    CHECK_THAT(
        wrong.messages(),
        Contains("checksum input 'expected-sha256' has an invalid length") &&
            Contains("recipe.yaml:5:")
    );
    CHECK(fetch("expected-sha256: '${{ vars.bad }}'").has("bad-checksum"));
    CHECK(fetch("expected-sha512: " + std::string(128, 'g')).has("bad-checksum"));
}

TEST_CASE("compile: a definition that uses itself is an error", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: a}]", {{"a", "pipeline: [{uses: b}]"}, {"b", "pipeline: [{uses: a}]"}}
    );
    CHECK(!outcome.compiled);
    REQUIRE(outcome.has("pipeline-cycle"));
    CHECK_THAT(
        outcome.messages(),
        Contains("pipelines/b.yaml:1:") && Contains("pipeline 'a' uses itself") &&
            Contains("pipeline 'b' is used here") && Contains("pipeline 'a' is used here") &&
            Contains("recipe.yaml:2:")
    );
}

TEST_CASE("compile: a mistake in a definition shows who used it", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline:\n  - uses: outer\n",
        {{"outer", "pipeline:\n  - uses: inner\n"},
         {"inner", "pipeline:\n  - runs: echo ${{no.such}}\n"}}
    );
    REQUIRE(outcome.diagnostics.size() == 1);
    const auto& notes = outcome.diagnostics[0].notes;
    CHECK(outcome.diagnostics[0].id == "unknown-variable");
    CHECK(outcome.diagnostics[0].where.file->name() == "pipelines/inner.yaml");
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].where.file->name() == "pipelines/outer.yaml");
    CHECK(notes[1].where.file->name() == "recipe.yaml");
}

TEST_CASE("compile: a wrong definition is told once a recipe", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: t}, {uses: t}]", {{"t", "pipeline:\n  - runs: a\ninputs: [a]\n"}}
    );
    CHECK(!outcome.compiled);
    REQUIRE(outcome.diagnostics.size() == 1);
    CHECK_THAT(outcome.messages(), Contains("pipelines/t.yaml:3:"));
    CHECK(outcome.diagnostics[0].notes.size() == 1);
}

TEST_CASE("compile: expansion is bounded", "[pipeline][compile]") {
    std::map<std::string, std::string> bomb;
    for (int i = 0; i < 30; ++i) {
        const std::string next = "{uses: d" + std::to_string(i + 1) + "}";
        bomb["d" + std::to_string(i)] = "pipeline: [" + next + ", " + next + "]";
    }
    bomb["d30"] = "runs: x";
    const auto outcome = compile_demo("pipeline: [{uses: d0}]", bomb);
    CHECK(outcome.has("pipeline-limit"));
    std::map<std::string, std::string> chain;
    for (int i = 0; i < 200; ++i) {
        chain["c" + std::to_string(i)] = "pipeline: [{uses: c" + std::to_string(i + 1) + "}]";
    }
    chain["c200"] = "runs: x";
    CHECK(compile_demo("pipeline: [{uses: c0}]", chain).has("pipeline-limit"));
}

TEST_CASE("compile: what a definition says wins, what it leaves stays", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(pipeline:
  - uses: t
    name: mine
    environment: {A: mine, B: mine}
    working-directory: mine
    needs: {packages: [mine]}
)",
        {{"t",
          "name: theirs\nworking-directory: theirs\nenvironment: {A: theirs}\n"
          "pipeline: [{runs: x}]"}}
    );
    const auto& node = outcome.compiled->configuration.pipeline[0];
    CHECK(node.name.value == "mine");
    CHECK(node.working_directory.value == "theirs");
    CHECK(node.environment.at("A").value == "theirs");
    CHECK(node.environment.at("B").value == "mine");
    CHECK(node.needs_packages.empty());
    CHECK(outcome.packages() == Texts{"mine"});
    CHECK(outcome.steps()[0].working_directory == "/home/build/theirs");
}

TEST_CASE(
    "compile: only built-in definitions have their environment substituted", "[pipeline][compile]"
) {
    const auto own = compile_demo(
        "pipeline: [{uses: t, with: {a: one}}]",
        {{"t", "inputs: {a: {}}\nenvironment: {A: '${{inputs.a}}'}\npipeline: [{runs: env}]"}}
    );
    CHECK(own.steps()[0].environment.at(0).second == "${{inputs.a}}");
    const auto built_in = compile_demo(
        "pipeline: [{uses: git-am, with: {patches: 'a; rm -rf $HOME'}, environment: {X: "
        "'${{inputs.patches}}'}}]"
    );
    const auto& environment = built_in.steps()[0].environment;
    REQUIRE(environment.size() == 2);
    CHECK(environment[0].second == "a; rm -rf $HOME");
    CHECK(environment[1].second == "${{inputs.patches}}");
}

TEST_CASE("compile: with keeps what differs from the defaults", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: t, with: {n: '${{package.name}}', who: world}}]", greeting()
    );
    const auto& with = outcome.compiled->configuration.pipeline[0].with;
    REQUIRE(with.size() == 1);
    CHECK(with.at("n").value == "demo");
    CHECK(outcome.compiled->configuration.pipeline[0].inputs.empty());
}

TEST_CASE("compile: a native step has all its inputs", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: fetch, working-directory: src, with: {uri: "
        "'https://x/${{package.version}}.tar'}}]"
    );
    REQUIRE(outcome.steps().size() == 1);
    const auto& step = outcome.steps()[0];
    CHECK(step.native == "fetch");
    CHECK(step.script.empty());
    CHECK(step.working_directory == "/home/build/src");
    CHECK(step.inputs.at("uri") == "https://x/1.2.3.tar");
    CHECK(step.inputs.at("strip-components") == "1");
    CHECK(step.inputs.at("purl-name") == "demo");
    CHECK(step.inputs.at("expected-sha256").empty());
    CHECK(step.origin.size() == 1);
    CHECK(outcome.packages() == Texts{"wget"});
}

TEST_CASE("compile: a definition of the user wins and is a script", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: fetch, with: {uri: here}}]",
        {{"fetch", "native: fetch\ninputs: {uri: {}}\npipeline: [{runs: 'own ${{inputs.uri}}'}]"}}
    );
    CHECK(outcome.scripts() == Texts{"own here"});
    CHECK(outcome.steps()[0].native.empty());
}

TEST_CASE("compile: a step without a script makes its directory", "[pipeline][compile]") {
    const auto outcome = compile_demo(R"(pipeline:
  - working-directory: alone
  - name: nothing
  - working-directory: first
    pipeline: [{working-directory: other, runs: a}, {runs: b}]
  - working-directory: same
    pipeline: [{runs: c}]
)");
    std::vector<std::string> seen;
    for (const auto& step : outcome.steps()) {
        seen.push_back(step.working_directory + ":" + step.script);
    }
    CHECK(
        seen ==
        Texts{
            "/home/build/alone:",
            "/home/build/first:",
            "/home/build/other:a",
            "/home/build/first:b",
            "/home/build/same:c"}
    );
}

TEST_CASE("compile: tests have sorted needs and their package", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        R"(test:
  environment: {contents: {packages: [zz, demo, aa, zz]}}
  pipeline: [{needs: {packages: [mm, aa]}, runs: y}, {uses: tool}]
subpackages:
  - name: s
    test: {pipeline: [{runs: 'z ${{context.name}}', needs: {packages: [b]}}]}
  - name: u
    test: {environment: {contents: {packages: [q]}}}
)",
        {{"tool", "needs: {packages: [tool]}\npipeline: [{runs: t}]"}}
    );
    const auto values = [](const quern::recipe::Test& test) {
        Texts all;
        for (const auto& text : test.environment.packages) {
            all.push_back(text.value);
        }
        return all;
    };
    REQUIRE(outcome.compiled);
    const auto& configuration = outcome.compiled->configuration;
    CHECK(values(*configuration.test) == Texts{"aa", "demo", "mm", "tool", "zz"});
    CHECK(values(*configuration.subpackages[0].test) == Texts{"b", "s"});
    CHECK(values(*configuration.subpackages[1].test) == Texts{"q", "u"});
    CHECK(outcome.packages().empty());
    const auto& tests = outcome.compiled->plan.tests;
    REQUIRE(tests.size() == 2);
    CHECK(tests[0].package == "demo");
    CHECK(tests[0].steps.size() == 2);
    CHECK(tests[1].steps.at(0).script == "z s");
}

TEST_CASE("compile: a subpackage's condition knows every variable", "[pipeline][compile]") {
    const auto outcome = compile_demo(
        "subpackages: [{name: a, if: \"${{build.arch}} == 'x86_64'\"}, {name: b, if: "
        "\"${{subpkg.name}} == 'c'\"}]"
    );
    REQUIRE(outcome.compiled);
    CHECK(outcome.compiled->configuration.subpackages.size() == 1);
    CHECK(outcome.compiled->disabled.at(0).subpackage.condition.value == "\"b\" == 'c'");
    CHECK(compile_demo("subpackages: [{name: a, if: junk}]").has("bad-condition"));
    CHECK(
        compile_demo("subpackages: [{name: a, if: \"${{nope.x}} == 'x'\"}]").has("unknown-variable")
    );
}

TEST_CASE("compile: thousands of subpackages are compiled", "[pipeline][compile]") {
    std::string recipe = "subpackages:\n";
    for (int i = 0; i < 2000; ++i) {
        recipe += "  - {name: s" + std::to_string(i) + ", pipeline: [{uses: strip}]}\n";
    }
    const auto outcome = compile_demo(recipe);
    REQUIRE(outcome.compiled);
    CHECK(outcome.compiled->plan.packages.size() == 2001);
}
