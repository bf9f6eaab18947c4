// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/junit.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::cli {
namespace {

// XML 1.0 has no way to write most control characters, so they come as `printable` shows them.
std::string escape(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text, true)) {
        switch (c) {
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '&':
                escaped += "&amp;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\n':
                escaped += "&#10;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string seconds(std::chrono::milliseconds duration) {
    return fmt::format("{}.{:03}", duration.count() / 1000, duration.count() % 1000);
}

bool is_failure(const build::TestResult& result) {
    return result.failure && result.failure->code() == ErrorCode::step_failed;
}

std::string to_case(const build::TestResult& result, const build::TestReport& report) {
    std::string xml = fmt::format(
        "    <testcase classname=\"{}.{}\" name=\"{}\" time=\"{}\"",
        escape(report.recipe_package),
        escape(report.architecture),
        escape(result.package),
        seconds(result.duration)
    );
    if (!result.was_run) {
        return xml + "><skipped message=\"an earlier test failed\"/></testcase>\n";
    }
    if (!result.failure) {
        return xml + "/>\n";
    }
    const std::string& message = result.failure->message();
    const std::string_view kind = is_failure(result) ? "failure" : "error";
    return xml + fmt::format(
                     "><{0} message=\"{1}\">{2}</{0}></testcase>\n",
                     kind,
                     escape(message.substr(0, message.find('\n'))),
                     escape(message)
                 );
}

std::string to_suite(const build::TestReport& report) {
    std::chrono::milliseconds total{0};
    std::size_t failures = 0;
    std::size_t skipped = 0;
    std::string cases;
    for (const build::TestResult& result : report.results) {
        total += result.duration;
        failures += is_failure(result) ? 1U : 0U;
        skipped += result.was_run ? 0U : 1U;
        cases += to_case(result, report);
    }
    return fmt::format(
        "  <testsuite name=\"{}-{}.{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{}\">\n{}  </testsuite>\n",
        escape(report.recipe_package),
        escape(report.version),
        escape(report.architecture),
        report.results.size(),
        failures,
        report.failed_count() - failures,
        skipped,
        seconds(total),
        cases
    );
}

}  // namespace

std::string to_junit(std::span<const build::TestReport> reports) {
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const build::TestReport& report : reports) {
        if (!report.is_skipped) {
            xml += to_suite(report);
        }
    }
    return xml + "</testsuites>\n";
}

}  // namespace quern::cli
