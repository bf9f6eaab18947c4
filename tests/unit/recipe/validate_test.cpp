// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "load_fixture.hpp"

#include <catch2/catch.hpp>

using Texts = std::vector<std::string>;

TEST_CASE("validate: each broken rule has its diagnostic", "[recipe][validate]") {
    const auto [rest, id] = GENERATE(table<std::string, std::string>({
        {"  dependencies: {provider-priority: ' 5'}\n", "bad-priority"},
        {"  dependencies: {replaces-priority: '1_0'}\n", "bad-priority"},
        {"  cpe: {vendor: a}\n", "bad-cpe"},
        {"  cpe: {vendor: a, product: '*'}\n", "bad-cpe"},
        {"  setcap: [{path: /a, add: {cap_chown: +ep}, reason: r}]\n", "bad-capability"},
        {"  setcap: [{path: /a, add: {cap_net_raw: +ep}}]\n", "bad-capability"},
        {"  target-architecture: [all, x86_64]\n", "bad-architecture"},
        {"subpackages: [{name: demo}]\n", "duplicate-package"},
        {"subpackages: [{name: a}, {name: a}]\n", "duplicate-package"},
        {"subpackages: [{name: 'a-${{build.arch}}'}]\n", "bad-name"},
        {"subpackages: [{name: a, setcap: [{path: /a, add: {x: y}, reason: r}]}]\n",
         "bad-capability"},
        {"subpackages: [{name: a, if: what}]\n", "bad-condition"},
        {"subpackages: [{name: a, test: {pipeline: [{if: what}]}}]\n", "bad-condition"},
        {"pipeline: [{pipeline: [{uses: a, runs: b}]}]\n", "uses-and-runs"},
        {"environment: {accounts: {users: [{username: x}]}}\n", "bad-account"},
    }));
    CAPTURE(rest);
    const auto loaded = load_demo(rest);
    CHECK(!loaded.configuration);
    CHECK(loaded.ids == Texts{id});
}

TEST_CASE("validate: what is allowed is not touched", "[recipe][validate]") {
    const std::string rest = GENERATE(
        "  dependencies: {provider-priority: 5, replaces-priority: +7}\n",
        "  cpe: {vendor: a, product: b, part: o}\n",
        "  setcap: [{path: /a, add: {'cap_net_raw,cap_net_admin': +ep}, reason: r}]\n",
        "pipeline: [{uses: a, with: {}}, {with: {}, runs: x}]\n",
        "test: {pipeline: [{uses: a, runs: b}]}\n",
        "pipeline: [{assertions: {required-steps: -1}}]\n"
    );
    CAPTURE(rest);
    const auto loaded = load_demo(rest);
    CAPTURE(loaded.messages);
    CHECK(loaded.configuration.has_value());
    CHECK(loaded.ids.empty());
}

TEST_CASE("validate: names of packages", "[recipe][validate]") {
    const auto [name, good] = GENERATE(table<std::string, bool>({
        {"demo", true},
        {"0ad", true},
        {"a_b+c.d-e", true},
        {"-x", false},
        {".x", false},
        {"a/b", false},
        {"\"a\\n\"", false},
        {"\xC3\xBC", false},
        {"''", false},
    }));
    CAPTURE(name);
    CHECK(
        load_text("package: {name: " + name + ", version: 1}\n").configuration.has_value() == good
    );
}

TEST_CASE("validate: warnings do not refuse", "[recipe][validate]") {
    const auto loaded =
        load_demo("  target-architecture: [amd64]\npipeline: [{uses: a, pipeline: [{runs: x}]}]\n");
    CHECK(loaded.configuration.has_value());
    CHECK(loaded.ids == Texts{"unknown-architecture", "uses-and-pipeline"});
}
