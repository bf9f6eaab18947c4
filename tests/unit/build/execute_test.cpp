// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/execute.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace quern::build {
namespace {

std::string value_of(
    const std::vector<std::pair<std::string, std::string>>& environment, const std::string& name
) {
    const auto found = std::find_if(environment.begin(), environment.end(), [&](const auto& e) {
        return e.first == name;
    });
    return found == environment.end() ? "(unset)" : found->second;
}

}  // namespace

TEST_CASE(
    "execute: the shell gets five parts, the last of which makes only failures count",
    "[build][execute]"
) {
    // Source: recipe-and-build 14.5, case 27.
    pipeline::Step step;
    step.working_directory = "/home/build";
    step.script = "make\n";
    const std::string script = shell_script(step, false);
    // The first line tells where a script failed and does nothing else.
    CHECK(
        script.substr(script.find('\n') + 1) ==
        "set -eo pipefail\n[ -d /home/build ] || mkdir -p /home/build\ncd "
        "/home/build\nmake\n\nexit 0\n"
    );
    CHECK(script.starts_with("trap "));
    CHECK(shell_script(step, true).find("\nset -exo pipefail\n") != std::string::npos);
}

TEST_CASE(
    "execute: a working directory is one word for the shell, whatever is in it", "[build][execute]"
) {
    pipeline::Step step;
    step.working_directory = GENERATE(
        "/home/build/a b", "/home/build/$(touch x)", "/home/build/`x`;y", "/home/build/it's"
    );
    const std::string script = shell_script(step, false);
    CAPTURE(script);
    CHECK(script.find("cd '") != std::string::npos);
}

TEST_CASE("execute: a step's environment is layered as the peer's", "[build][execute]") {
    recipe::Environment recipe_environment;
    recipe_environment.environment["HOME"] = {"/home/build", {}};
    recipe_environment.environment["PATH"] = {"/evil", {}};
    recipe_environment.environment["A"] = {"recipe", {}};
    const recipe::Capabilities capabilities;
    StepSettings settings{
        "x.yaml", "build", recipe_environment, capabilities, {}, {}, 7, {}, {}, {}};
    pipeline::Step step;
    step.environment = {{"A", "step"}};
    const auto environment = step_environment(step, settings);
    CHECK(value_of(environment, "SOURCE_DATE_EPOCH") == "7");
    CHECK(value_of(environment, "A") == "step");
    CHECK(value_of(environment, "HOME") == "/home/build");
    CHECK(
        value_of(environment, "PATH") ==
        "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin"
    );
    settings.programs = "/front";
    CHECK(
        value_of(step_environment(step, settings), "PATH") ==
        "/front:/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin"
    );
    step.environment.emplace_back("PATH", "/own");
    CHECK(value_of(step_environment(step, settings), "PATH") == "/own");
    settings.source_date.reset();
    CHECK(value_of(step_environment(step, settings), "SOURCE_DATE_EPOCH") == "(unset)");
}

}  // namespace quern::build
