// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/varied_sandbox.hpp"

#include "support/child_process.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace quern::build {
namespace {

// The zone needs no data base of zones, and is of no place. Source: POSIX.1-2017 XBD 8.3.
constexpr std::array<std::pair<const char*, const char*>, 2> variables = {{
    {"LC_ALL", "C.UTF-8"},
    {"TZ", "QRN-13:37"},
}};

}  // namespace

sandbox::Command vary(sandbox::Command command) {
    command.hostname = "elsewhere";
    command.limits.cpu_thousandths = 1000;
    auto& environment = command.environment;
    for (const auto& [name, value] : variables) {
        const auto is_this = [name = name](const auto& each) { return each.first == name; };
        if (std::none_of(environment.begin(), environment.end(), is_this)) {
            environment.emplace_back(name, value);
        }
    }
    std::sort(environment.begin(), environment.end());
    return command;
}

Result<ExitStatus> VariedSandbox::run(
    const sandbox::Guest& guest,
    const sandbox::Command& command,
    const sandbox::OutputSink& output,
    const CancelToken& cancel
) {
    return inner_.run(guest, vary(command), output, cancel);
}

}  // namespace quern::build
