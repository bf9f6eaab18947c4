// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "load_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace quern;
using Texts = std::vector<std::string>;

TEST_CASE("load: package fields are replaced, and take part in it", "[recipe][load]") {
    const auto loaded = load_text(
        "package:\n  name: ${{vars.n}}\n  version: ${{vars.v}}\n  epoch: 2\n  description: "
        "${{package.full-version}} ${{ package.name }}\n"
        "vars: {n: demo, v: '5', w: 'v${{vars.v}}-${{package.name}}'}\npipeline:\n  - runs: "
        "${{vars.w}} ${{build.arch}}\n"
    );
    REQUIRE(loaded.configuration);
    CHECK(loaded->package.name.value == "demo");
    CHECK(loaded->package.full_version() == "5-r2");
    CHECK(loaded->package.description.value == "5-r2 ${{ package.name }}");
    CHECK(loaded->pipeline[0].runs.value == "v5-demo ${{build.arch}}");
}

TEST_CASE("load: options are applied before anything is replaced", "[recipe][load]") {
    const std::string text =
        "vars: {mode: plain}\n"
        "options:\n  ssl:\n    vars: {mode: ssl}\n    environment: {contents: {packages: {add: "
        "[openssl-dev], remove: [b]}}}\n"
        "environment: {contents: {packages: [a, b, c]}}\npipeline:\n  - runs: echo "
        "${{vars.mode}}\n";
    recipe::LoadOptions options;
    CHECK(load_demo(text, options)->pipeline[0].runs.value == "echo plain");
    options.build_options = {"ssl", "undefined"};
    const auto loaded = load_demo(text, options);
    CHECK(loaded->pipeline[0].runs.value == "echo ssl");
    CHECK(values(loaded->environment.packages) == Texts{"a", "openssl-dev", "c"});
}

TEST_CASE("load: ranges copy in the order of keys, in their place", "[recipe][load]") {
    const auto loaded = load_demo(
        "data: [{name: m, items: {zlib: Z, bz2: B, none: ~}}]\n"
        "subpackages:\n  - name: first\n  - {range: m, name: 'd-${{range.key}}', description: "
        "'${{range.value}}', if: \"${{range.key}} == 'x'\"}\n  - name: last\n"
    );
    REQUIRE(loaded.configuration);
    Texts names;
    for (const auto& subpackage : loaded->subpackages) {
        names.push_back(subpackage.name.value + "=" + subpackage.description.value);
    }
    CHECK(names == Texts{"first=", "d-bz2=B", "d-none=", "d-zlib=Z", "last="});
    CHECK(loaded->subpackages[1].condition.value == "\"bz2\" == 'x'");
    CHECK(loaded->data.empty());
}

TEST_CASE("load: lists of packages are resolved strictly", "[recipe][load]") {
    const auto good = load_demo(
        "  dependencies: {runtime: ['x=${{ package.full-version }}'], provider-priority: '${{ "
        "vars.p }}'}\nvars: {p: 7}\n"
    );
    REQUIRE(good.configuration);
    CHECK(values(good->package.dependencies.runtime) == Texts{"x=1.2.3-r4"});
    CHECK(good->package.dependencies.provider_priority.value == "7");
    CHECK(
        load_demo("  dependencies: {runtime: ['x-${{build.arch}}']}\n").ids ==
        Texts{"unknown-variable"}
    );
    CHECK(
        load_demo("test: {environment: {contents: {packages: ['${{subpkg.name}}']}}}\n").ids ==
        Texts{"unknown-variable"}
    );
}

TEST_CASE(
    "load: working directories and environments are handed down in build steps", "[recipe][load]"
) {
    const std::string steps =
        "    - working-directory: src\n      environment: {A: '1'}\n      pipeline:\n        - "
        "runs: p\n"
        "        - {working-directory: /tmp, environment: {A: '2', B: '3'}, pipeline: "
        "[{environment: {C: '4'}}]}\n";
    const auto loaded = load_demo("pipeline:\n" + steps + "test:\n  pipeline:\n" + steps);
    REQUIRE(loaded.configuration);
    const auto& nodes = loaded->pipeline[0].pipeline;
    CHECK(nodes[0].working_directory.value == "src");
    CHECK(nodes[0].environment.at("A").value == "1");
    CHECK(nodes[1].environment.at("A").value == "2");
    const auto& inner = nodes[1].pipeline[0];
    CHECK(inner.working_directory.value == "/tmp");
    CHECK(inner.environment.size() == 3);
    CHECK(loaded->test->pipeline[0].pipeline[0].environment.empty());
}

TEST_CASE("load: accounts and variables of the environment have defaults", "[recipe][load]") {
    const auto loaded = load_demo(
        "environment:\n  environment: {HOME: /h, GOPATH: ''}\n  accounts: {users: [{username: "
        "build, uid: 7}]}\n"
        "subpackages:\n  - {name: a, test: {pipeline: [{runs: x}]}}\n  - {name: b, test: "
        "{environment: {}}}\n"
    );
    REQUIRE(loaded.configuration);
    const auto& environment = loaded->environment;
    CHECK(environment.environment.at("HOME").value == "/h");
    CHECK(environment.environment.at("GOPATH").value == "/home/build/.cache/go");
    REQUIRE(environment.users.size() == 1);
    CHECK(environment.users[0].uid == 7);
    CHECK(!environment.users[0].gid);
    REQUIRE(environment.groups.size() == 1);
    CHECK(environment.groups[0].gid == 1000);
    CHECK(loaded->subpackages[0].test->environment.users.size() == 1);
    CHECK(loaded->subpackages[1].test->environment.users.empty());
}

TEST_CASE("load: files of variables and of the environment are merged", "[recipe][load]") {
    recipe::LoadOptions options;
    options.vars_file = "more.yaml";
    options.env_files = {"one.env", "two.env"};
    const auto loaded = load_demo(
        "vars: {a: recipe, b: recipe}\nenvironment: {environment: {S: recipe}}\npipeline: [{runs: "
        "'${{vars.a}} ${{vars.b}} ${{vars.c}}'}]\n",
        options,
        {{"more.yaml", "b: file\nc: 3\n"},
         {"one.env", "S=1\nA=1\n"},
         {"two.env", "S=2\nA=2\nB=2\n"}}
    );
    REQUIRE(loaded.configuration);
    CHECK(loaded->pipeline[0].runs.value == "recipe file 3");
    CHECK(loaded->environment.environment.at("S").value == "recipe");
    CHECK(loaded->environment.environment.at("A").value == "1");
    CHECK(loaded->environment.environment.at("B").value == "2");
    CHECK(loaded->vars.at("c").value == "3");
}

TEST_CASE("load: files that are missing are errors", "[recipe][load]") {
    recipe::LoadOptions options;
    options.vars_file = "none.yaml";
    options.env_files = {"none.env"};
    const auto loaded = load_demo("", options);
    CHECK(!loaded.configuration);
    CHECK(loaded.ids == Texts{"cannot-read", "cannot-read"});
}

TEST_CASE("load: the command line has the last word", "[recipe][load]") {
    recipe::LoadOptions options;
    options.commit = "c0ffee";
    options.timeout = std::chrono::minutes(5);
    options.resources.memory = "2Gi";
    const auto loaded = load_demo(
        "  timeout: 1h\n  resources: {cpu: 4, memory: 1Gi}\nsubpackages: [{name: a}, {name: b, "
        "commit: own}]\n",
        options
    );
    REQUIRE(loaded.configuration);
    CHECK(loaded->package.timeout == std::chrono::minutes(5));
    CHECK(loaded->package.resources.memory == "2Gi");
    CHECK(loaded->package.resources.cpu == "4");
    CHECK(loaded->package.commit.value == "c0ffee");
    CHECK(loaded->subpackages[0].commit.value == "c0ffee");
    CHECK(loaded->subpackages[1].commit.value == "own");
}

TEST_CASE("load: unknown keys and broken rules are told at once", "[recipe][load]") {
    const auto loaded =
        load_demo("  licence: MIT\npipeline:\n  - {uses: a, runs: b}\n  - with: {a: b}\n");
    CHECK(!loaded.configuration);
    CHECK(loaded.ids == Texts{"unknown-key", "uses-and-runs", "with-without-uses"});
    CHECK(loaded.lines == std::vector<std::uint32_t>{5, 7, 8});
}

TEST_CASE("load: update keeps its tree and replaces filters only", "[recipe][load]") {
    const auto loaded = load_demo(
        "vars: {p: v}\nupdate:\n  enabled: yes\n  git: {strip-prefix: '${{vars.p}}', "
        "tag-filter-prefix: '${{vars.p}}'}\n"
        "  version-transform: [{match: a, replace: b}]\n  ignore-regex-patterns: [x]\n"
    );
    REQUIRE(loaded.configuration);
    const auto& map = loaded->update->map;
    REQUIRE(map.size() == 4);
    CHECK(map[0].second.scalar.value == "true");
    CHECK(!map[0].second.is_string);
    CHECK(map[1].second.map[0].second.scalar.value == "${{vars.p}}");
    CHECK(map[1].second.map[1].second.scalar.value == "v");
}

TEST_CASE("load: what a small recipe could grow to is bounded", "[recipe][load]") {
    std::string items;
    for (int i = 0; i < 9'000; ++i) {
        items += "    k" + std::to_string(i) + ": x\n";
    }
    const auto ranged = load_demo(
        "data:\n- name: m\n  items:\n" + items +
        "subpackages:\n- range: m\n  name: s-${{range.key}}\n  description: '" +
        std::string(50'000, 'x') + "'\n"
    );
    CHECK(std::count(ranged.ids.begin(), ranged.ids.end(), "recipe-limit") == 1);
    std::string steps;
    for (int i = 0; i < 25'000; ++i) {
        steps += "- {}\n";
    }
    CHECK(load_demo("pipeline:\n" + steps).ids == Texts{"yaml-limit"});
}
