// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/sandbox.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quern::cli {
namespace {

Result<void> run_doctor(const Invocation& invocation) {
    const std::vector<sandbox::Finding> findings = sandbox::examine_machine();
    std::string text;
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    std::size_t failed = 0;
    for (const sandbox::Finding& finding : findings) {
        text += fmt::format(
            "{:<4} {}: {}\n", finding.works ? "ok" : "NO", finding.subject, finding.detail
        );
        if (!finding.works && !finding.fix.empty()) {
            text += fmt::format("     {}\n", finding.fix);
        }
        failed += finding.works ? 0 : 1;
        json.push_back({
            {"subject", finding.subject},
            {"works", finding.works},
            {"detail", finding.detail},
            {"fix", finding.fix},
        });
    }
    QUERN_CHECK(print(invocation.global.format == "json" ? json.dump() + "\n" : text));
    // Root does not need every rung, so the probe that counts is entering the sandbox for real.
    SessionOptions options;
    options.needs_guest = true;
    if (auto session = Session::create(invocation, options); !session) {
        return std::move(session).error().context("builds do not work on this machine");
    }
    return print(invocation.global.format == "json" ? "" : "builds work on this machine\n");
}

}  // namespace

Run define_doctor(CLI::App&) {
    return [](const Invocation& invocation) { return run_doctor(invocation); };
}

}  // namespace quern::cli
