// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "quern/plan.hpp"
#include "quern/sandbox.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace quern::cli {
namespace {

Result<void> run_doctor(const Invocation& invocation) {
    std::vector<sandbox::Finding> findings = sandbox::examine_runners();
    for (sandbox::Finding& finding : sandbox::examine_machine()) {
        findings.push_back(std::move(finding));
    }
    std::string text;
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const sandbox::Finding& finding : findings) {
        text += fmt::format(
            "{:<4} {}: {}\n", finding.works ? "ok" : "NO", finding.subject, finding.detail
        );
        if (!finding.works && !finding.fix.empty()) {
            text += fmt::format("     {}\n", finding.fix);
        }
        json.push_back({
            {"subject", finding.subject},
            {"works", finding.works},
            {"detail", finding.detail},
            {"fix", finding.fix},
        });
    }
    QUERN_CHECK(print(invocation.global.format == "json" ? to_json_text(json) : text));
    // One runner is enough, so the probe that counts is readying the first that works for real.
    SessionOptions options;
    options.needs_guest = true;
    auto session = Session::create(invocation, options);
    if (!session) {
        return std::move(session).error().context("builds do not work on this machine");
    }
    pipeline::Library library({}, (*session)->reader());
    const std::string_view runner = (*session)->services(library).sandbox.name();
    return print(
        invocation.global.format == "json"
            ? ""
            : fmt::format("builds work on this machine; --runner auto is {}\n", runner)
    );
}

}  // namespace

Run define_doctor(CLI::App&) {
    return [](const Invocation& invocation) { return run_doctor(invocation); };
}

}  // namespace quern::cli
