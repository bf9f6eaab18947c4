// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/step_keys.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace quern::build {
namespace {

pipeline::Plan plan_of(std::vector<std::string> scripts) {
    pipeline::PackagePlan package;
    package.package = "probe";
    for (std::string& script : scripts) {
        pipeline::Step step;
        step.name = "s";
        step.package = "probe";
        step.script = std::move(script);
        step.working_directory = "/home/build";
        package.steps.push_back(std::move(step));
    }
    pipeline::Plan plan;
    plan.packages.push_back(std::move(package));
    return plan;
}

struct Fixture {
    recipe::Environment environment;
    recipe::Capabilities capabilities;
    StepSettings settings{"x.yaml", "build", environment, capabilities, {}, {}, 7, {}, {}, {}};
    std::vector<std::string> keys(const pipeline::Plan& plan, std::string_view base = "base") {
        return step_keys(base, flatten(plan), settings);
    }
};

}  // namespace

TEST_CASE("step_keys: a change counts from its step on", "[build][step_keys]") {
    Fixture f;
    const auto before = f.keys(plan_of({"a", "b", "c"}));
    REQUIRE(before.size() == 4);
    CHECK(f.keys(plan_of({"a", "b", "c"})) == before);
    const auto after = f.keys(plan_of({"a", "B", "c"}));
    CHECK(after[0] == before[0]);
    CHECK(after[1] == before[1]);
    CHECK(after[2] != before[2]);
    CHECK(after[3] != before[3]);
}

TEST_CASE("step_keys: all that a step sees counts", "[build][step_keys]") {
    Fixture f;
    const auto before = f.keys(plan_of({"a"}));
    const auto changed = [&](const std::function<void(pipeline::Step&)>& change) {
        pipeline::Plan plan = plan_of({"a"});
        change(plan.packages[0].steps[0]);
        return f.keys(plan)[1] != before[1];
    };
    CHECK(changed([](pipeline::Step& s) { s.environment = {{"A", "1"}}; }));
    CHECK(changed([](pipeline::Step& s) { s.network = true; }));
    CHECK(changed([](pipeline::Step& s) { s.working_directory = "/tmp"; }));
    CHECK(changed([](pipeline::Step& s) { s.package = "other"; }));
    CHECK_FALSE(changed([](pipeline::Step& s) { s.name = "another name"; }));
    f.environment.run_as = "build";
    CHECK(f.keys(plan_of({"a"}))[0] != before[0]);
    CHECK(f.keys(plan_of({"a"}), "other")[0] != before[0]);
}

TEST_CASE("step_keys: texts cannot be shifted between parts", "[build][step_keys]") {
    Fixture f;
    CHECK(f.keys(plan_of({"ab", "c"})).back() != f.keys(plan_of({"a", "bc"})).back());
}

TEST_CASE("step_keys: what comes unpinned from outside is never at hand", "[build][step_keys]") {
    Fixture f;
    pipeline::Plan plan = plan_of({""});
    pipeline::Step& step = plan.packages[0].steps[0];
    step.native = "fetch";
    step.inputs = {{"uri", "https://h/x"}, {"expected-none", "yes"}, {"expected-sha256", ""}};
    CHECK(f.keys(plan)[1] != f.keys(plan)[1]);
    step.inputs["expected-sha256"] = std::string(64, 'a');
    CHECK(f.keys(plan)[1] == f.keys(plan)[1]);
    step.native = "git-checkout";
    step.inputs = {{"repository", "https://h/x"}, {"tag", "v1"}};
    CHECK_FALSE(is_pinned(step));
    step.inputs["expected-commit"] = std::string(40, 'a');
    CHECK(is_pinned(step));
}

}  // namespace quern::build
