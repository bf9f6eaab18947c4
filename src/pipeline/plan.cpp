// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/plan.hpp"

#include "quern/source_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

namespace quern::pipeline {

namespace {

std::string place(const Span& span) {
    if (span.file == nullptr) {
        return "?";
    }
    const Position position = span.file->position(span.begin);
    return fmt::format("{}:{}:{}", span.file->name(), position.line, position.column);
}

void append_lines(std::string& out, std::string_view text) {
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    for (const std::string_view line : split(text, '\n')) {
        out += line.empty() ? "    |\n" : fmt::format("    | {}\n", line);
    }
}

void append_step(std::string& out, const Step& step) {
    out += fmt::format("  step {}\n", step.name);
    for (std::size_t i = 0; i < step.origin.size(); ++i) {
        out += fmt::format("    {} {}\n", i == 0 ? "at" : "from", place(step.origin[i]));
    }
    out += fmt::format("    in {}\n", step.working_directory);
    for (const auto& [name, value] : step.environment) {
        out += fmt::format("    {}={}\n", name, printable(value));
    }
    if (step.network) {
        out += "    with the network\n";
    }
    if (step.downloads) {
        out += fmt::format(
            "    downloads into {} by {}{}\n",
            printable(step.downloads->into),
            step.downloads->of_environment ? "the environment " : "",
            printable(join(step.downloads->locks, " "))
        );
    }
    if (!step.native.empty()) {
        out += fmt::format("    native {}\n", step.native);
        for (const auto& [name, value] : step.inputs) {
            out += fmt::format("    {}: {}\n", name, printable(value));
        }
    }
    if (!step.script.empty()) {
        append_lines(out, step.script);
    }
    if (!step.failed_assertion.empty()) {
        out += fmt::format("    fails: {}\n", step.failed_assertion);
    }
}

void append_packages(
    std::string& out, std::string_view kind, const std::vector<PackagePlan>& packages
) {
    for (const PackagePlan& package : packages) {
        out += fmt::format("{} {}\n", kind, package.package);
        for (const Step& step : package.steps) {
            append_step(out, step);
        }
    }
}

}  // namespace

std::string to_string(const Plan& plan) {
    std::string out;
    append_packages(out, "package", plan.packages);
    append_packages(out, "test", plan.tests);
    return out;
}

}  // namespace quern::pipeline
