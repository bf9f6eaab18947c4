// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "load_fixture.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using recipe::Variables;

namespace {

Variables variables_of(const std::string& rest, const recipe::LoadOptions& options = {}) {
    const auto loaded = load_demo(rest, options);
    REQUIRE(loaded.configuration);
    Diagnostics diagnostics;
    Variables variables = recipe::compile_variables(*loaded, options, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        variables["error"] += diagnostic.id;
    }
    return variables;
}

recipe::LoadOptions for_architecture(std::string name) {
    recipe::LoadOptions options;
    options.architecture = std::move(name);
    return options;
}

}  // namespace

TEST_CASE("variables: the fixed ones", "[recipe][variable_table]") {
    auto options = for_architecture("aarch64");
    options.build_options = {"ssl"};
    const auto variables =
        variables_of("subpackages: [{name: demo-doc}]\noptions: {tiny: {}}\n", options);
    CHECK(variables.at("package.full-version") == "1.2.3-r4");
    CHECK(variables.at("package.srcdir") == "/home/build");
    CHECK(!variables.contains("package.description"));
    CHECK(variables.at("targets.contextdir") == "/home/build/melange-out/demo");
    CHECK(variables.at("targets.package.demo-doc") == "/home/build/melange-out/demo-doc");
    CHECK(variables.at("host.triplet.gnu") == "aarch64-unknown-linux-gnu");
    CHECK(variables.at("cross.triplet.rust.musl") == "aarch64-unknown-linux-musl");
    CHECK(variables.at("build.goarch") == "arm64");
    CHECK(variables.at("options.ssl.enabled") == "true");
    CHECK(variables.at("options.tiny.enabled") == "false");
}

TEST_CASE("variables: triplets of every architecture", "[recipe][variable_table]") {
    const auto [name, gnu, rust] = GENERATE(table<const char*, const char*, const char*>({
        {"x86", "i486-pc-linux-musl", "i686-unknown-linux-musl"},
        {"x86_64", "x86_64-pc-linux-musl", "x86_64-unknown-linux-musl"},
        {"armhf", "arm-unknown-linux-musleabihf", "armv6-unknown-linux-musleabihf"},
        {"armv7", "armv7l-unknown-linux-musleabihf", "armv7-unknown-linux-musleabihf"},
        {"ppc64le", "powerpc64le-unknown-linux-musl", "powerpc64le-unknown-linux-musl"},
        {"s390x", "s390x-ibm-linux-musl", "s390x-unknown-linux-musl"},
        {"riscv64", "riscv64-unknown-linux-musl", "riscv64-unknown-linux-musl"},
    }));
    auto options = for_architecture(name);
    options.libc_flavor = "musl";
    const auto variables = variables_of("", options);
    CHECK(variables.at("host.triplet.gnu") == gnu);
    CHECK(variables.at("host.triplet.rust") == rust);
}

TEST_CASE("variables: vars resolve in the order of their dependence", "[recipe][variable_table]") {
    const auto variables = variables_of(
        "vars: {a: '${{vars.b}}/bin', b: '${{ vars.c }}/${{package.name}}', c: /srv, d: "
        "'${{build.arch}}'}\n",
        for_architecture("x86_64")
    );
    CHECK(variables.at("vars.a") == "/srv/demo/bin");
    CHECK(variables.at("vars.d") == "x86_64");
    CHECK(!variables.contains("error"));
}

TEST_CASE("variables: a long chain needs no stack", "[recipe][variable_table]") {
    std::string text = "vars:\n";
    for (int i = 0; i < 20'000; ++i) {
        text += "  v" + std::to_string(i) + ": ${{vars.v" + std::to_string(i + 1) + "}}\n";
    }
    CHECK(variables_of(text + "  v20000: end\n").at("vars.v0") == "end");
}

TEST_CASE("variables: circles are told once", "[recipe][variable_table]") {
    const auto loaded = load_demo("vars: {a: '${{vars.b}}', b: '${{vars.a}}', c: '${{vars.c}}'}\n");
    CHECK(loaded.ids == std::vector<std::string>{"variable-cycle", "variable-cycle"});
}

TEST_CASE("variables: transforms run in the order of the file", "[recipe][variable_table]") {
    const auto variables = variables_of(
        "vars: {args: --host=@H@, later: '<${{vars.two}}>'}\nvar-transforms:\n"
        "  - {from: '${{package.version}}', match: '\\.', replace: _, to: one}\n"
        "  - {from: '${{vars.one}}', match: '^', replace: v, to: two}\n"
        "  - {from: '${{vars.args}}', match: '@H@', replace: '${{host.triplet.gnu}}', to: args}\n",
        for_architecture("x86_64")
    );
    CHECK(variables.at("vars.two") == "v1_2_3");
    CHECK(variables.at("vars.later") == "<v1_2_3>");
    CHECK(variables.at("vars.args") == "--host=x86_64-pc-linux-gnu");
}

TEST_CASE(
    "variables: an unknown name in a var is an error when compiling", "[recipe][variable_table]"
) {
    CHECK(variables_of("vars: {a: '${{nope.x}}'}\n").at("error") == "unknown-variable");
}
