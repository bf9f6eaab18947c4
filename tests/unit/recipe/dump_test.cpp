// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "load_fixture.hpp"

#include <catch2/catch.hpp>

using namespace quern;

namespace {

const std::string everything = R"(  description: "all: of it"
  annotations: {b: "1", a: ""}
  copyright: [{license: MIT, paths: ["*"], attestation: "two\nlines\n"}]
  dependencies: {runtime: [a, b>=1], provides: [c=1], provider-priority: 5}
  options: {no-depends: true}
  scriptlets:
    trigger: {paths: [/usr], script: "#!/bin/sh\necho\n"}
    post-install: |
      #!/bin/sh
      echo done
  checks: {disabled: [strip]}
  cpe: {vendor: acme, product: demo}
  setcap: [{path: /x, add: {cap_net_raw: +ep}, reason: pings}]
  timeout: 1h30m
  resources: {cpu: 2}
environment:
  contents:
    repositories: ["@local /r", "https://user:secret@example.org/os?a=b"]
    keyring: [https://example.org/k.pub]
    packages: [busybox]
  accounts: {run-as: build}
  paths: [{path: /etc/x, type: empty-file, permissions: 0o644}]
capabilities: {add: [CAP_NET_ADMIN]}
pipeline:
  - uses: fetch
    with: {uri: "https://example.org/${{package.name}}", n: ""}
    needs: {packages: [wget]}
    assertions: {}
  - name: build
    if: ${{build.arch}} == 'x86_64'
    working-directory: src
    environment: {A: "1"}
    assertions: {required-steps: 2}
    runs: |
      # comment

      make
        indented
subpackages:
  - name: demo-doc
    test: {pipeline: [{runs: "true"}]}
update: {enabled: true, release-monitor: {identifier: 12}}
vars: {x: "yes"}
var-transforms: [{from: "${{package.version}}", match: a, replace: b, to: c}]
options: {ssl: {vars: {x: "no"}, environment: {contents: {packages: {add: [y], remove: [z]}}}}}
test: {environment: {contents: {packages: [t]}}, pipeline: [{runs: x}]}
)";

}  // namespace

TEST_CASE("dump: YAML is read again to the same configuration", "[recipe][dump]") {
    const auto first = load_demo(everything);
    REQUIRE(first.configuration);
    const std::string yaml = recipe::to_yaml(*first);
    const auto second = load_text(yaml);
    CAPTURE(yaml, second.messages);
    REQUIRE(second.configuration);
    CHECK(recipe::to_yaml(*second) == yaml);
    auto expected = recipe::to_json(*first);
    const std::string secret = "https://user:secret@example.org/os?a=b";
    expected.replace(
        expected.find(secret), secret.size(), second->environment.repositories[1].value
    );
    CHECK(recipe::to_json(*second) == expected);
}

TEST_CASE("dump: YAML has no passwords", "[recipe][dump]") {
    const std::string yaml = recipe::to_yaml(*load_demo(everything));
    CHECK(yaml.find("secret") == std::string::npos);
    CHECK(yaml.find("example.org/os") != std::string::npos);
    CHECK(yaml.find("@local /r") != std::string::npos);
}

TEST_CASE("dump: YAML is in the order of the schema, lines as blocks", "[recipe][dump]") {
    const std::string yaml = recipe::to_yaml(*load_demo(everything));
    CHECK(
        yaml.starts_with("package:\n  name: demo\n  version: \"1.2.3\"\n  epoch: 4\n  description: "
                         "\"all: of it\"\n  annotations:\n    a: \"\"\n    b: \"1\"\n")
    );
    CHECK(
        yaml.find("    runs: |\n      # comment\n\n      make\n        indented\n") !=
        std::string::npos
    );
    CHECK(yaml.find("  timeout: \"1h30m0s\"\n") != std::string::npos);
    CHECK(yaml.find("    needs:\n      packages:\n        - wget\n") != std::string::npos);
}

TEST_CASE("dump: JSON has melange's keys", "[recipe][dump]") {
    const std::string json = recipe::to_json(*load_demo(everything));
    CHECK(json.find('\n') == std::string::npos);
    CHECK(json.find(R"("timeout":5400000000000)") != std::string::npos);
    CHECK(json.find(R"("needs":{"Packages":["wget"]})") != std::string::npos);
    CHECK(
        json.find(
            R"("options":{"ssl":{"Vars":{"x":"no"},"Environment":{"Contents":{"Packages":{"Add":["y"],"Remove":["z"]}}}}})"
        ) != std::string::npos
    );
    CHECK(json.find(R"("with":{"n":"","uri":"https://example.org/demo"})") != std::string::npos);
    CHECK(json.find(R"("assertions":{})") != std::string::npos);
    CHECK(
        json.find(R"("update":{"enabled":true,"release-monitor":{"identifier":12}})") !=
        std::string::npos
    );
    CHECK(json.find("data") == std::string::npos);
}

TEST_CASE("dump: JSON escapes what it must", "[recipe][dump]") {
    const std::string json =
        recipe::to_json(*load_demo("vars: {a: \"q\\\" \\\\ \\n \\t \\u0001 \\u00fc\"}\n"));
    CHECK(
        json.find(R"("a":"q\" \\ \n \t \u0001 )"
                  "\xC3\xBC\"") != std::string::npos
    );
}

TEST_CASE("dump: a step compiled from a definition's own script is a script", "[recipe][dump]") {
    auto loaded = load_demo("pipeline: [{uses: t, with: {a: b}}]\n");
    REQUIRE(loaded.configuration);
    loaded.configuration->pipeline[0].runs.value = "echo\n";
    const auto again = load_text(recipe::to_yaml(*loaded));
    REQUIRE(again.configuration);
    CHECK(again->pipeline[0].name.value == "t");
    CHECK(again->pipeline[0].runs.value == "echo\n");
}
