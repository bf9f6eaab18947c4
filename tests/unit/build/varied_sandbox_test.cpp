// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/varied_sandbox.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

namespace quern::build {
namespace {

std::map<std::string, std::string> environment_of(const sandbox::Command& command) {
    return {command.environment.begin(), command.environment.end()};
}

}  // namespace

TEST_CASE("varied sandbox: a command sees another machine", "[build][varied_sandbox]") {
    sandbox::Command command;
    command.argv = {"true"};
    command.environment = {{"SOURCE_DATE_EPOCH", "1"}};
    const sandbox::Command varied = vary(command);
    CHECK(varied.argv == command.argv);
    CHECK(varied.hostname != command.hostname);
    CHECK(varied.limits.cpu_thousandths == 1000);
    const auto environment = environment_of(varied);
    CHECK(environment.at("SOURCE_DATE_EPOCH") == "1");
    CHECK(environment.at("TZ") == "QRN-13:37");
    CHECK(environment.count("LC_ALL") == 1);
}

TEST_CASE("varied sandbox: what the recipe fixes stays", "[build][varied_sandbox]") {
    sandbox::Command command;
    command.environment = {{"LC_ALL", "C"}, {"TZ", "UTC"}};
    CHECK(vary(command).environment == command.environment);
}

}  // namespace quern::build
