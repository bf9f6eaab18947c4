// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_reader.hpp"
#include "support/source_root.hpp"
#include "tests/support/golden.hpp"
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

using quern::pipeline::PackagePlan;
using quern::pipeline::Plan;
using quern::pipeline::Step;

TEST_CASE("plan: the dump shows all of a step", "[pipeline][plan]") {
    const quern::SourceFile file("r.yaml", "a\nbc\n");
    Step step;
    step.name = "greet";
    step.script = "echo hi\n\necho ho\n";
    step.working_directory = "/home/build";
    step.environment = {{"A", "1\n2"}};
    step.origin = {{&file, 3, 1}, {&file, 0, 1}};
    Step native;
    native.name = "fetch";
    native.native = "fetch";
    native.inputs = {{"uri", "u"}};
    native.working_directory = "/home/build";
    Step failed;
    failed.name = "step 3";
    failed.working_directory = "/tmp";
    failed.failed_assertion = "no";
    Plan plan;
    plan.packages = {PackagePlan{"demo", {step, native}}};
    plan.tests = {PackagePlan{"demo", {failed}}};
    CHECK(
        quern::pipeline::to_string(plan) ==
        "package demo\n"
        "  step greet\n"
        "    at r.yaml:2:2\n"
        "    from r.yaml:1:1\n"
        "    in /home/build\n"
        "    A=1\\x0a2\n"
        "    | echo hi\n"
        "    |\n"
        "    | echo ho\n"
        "  step fetch\n"
        "    in /home/build\n"
        "    native fetch\n"
        "    uri: u\n"
        "test demo\n"
        "  step step 3\n"
        "    in /tmp\n"
        "    fails: no\n"
    );
}

TEST_CASE("plan: recipes have the plans that were agreed on", "[pipeline][plan]") {
    const auto name = GENERATE(as<std::string>{}, "hello", "nesting", "built-in");
    CAPTURE(name);
    const std::string folder = (source_root() / "tests/golden/plan/").string();
    const auto text = quern::DiskFileReader().read(folder + name + ".yaml");
    REQUIRE(text);
    const Outcome outcome = compile_text(*text);
    INFO(outcome.messages());
    REQUIRE(outcome.compiled);
    golden("plan/" + name, quern::pipeline::to_string(outcome.compiled->plan));
}
