// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/twice_report.hpp"

#include "cli/index_flags.hpp"
#include "cli/terminal.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace quern::cli {
namespace {

std::string to_text(const build::TwiceReport& report) {
    std::string text;
    for (const build::TwicePackage& package : report.packages) {
        const bool is_packing = !package.is_identical && package.leaked.is_empty();
        text += fmt::format(
            "{}: {}\n{}",
            printable(package.name),
            package.is_identical ? "identical"
            : is_packing         ? "DIFFERS, in how it is packed only"
                                 : "DIFFERS",
            package::to_text(package.leaked)
        );
    }
    return text;
}

std::string to_json(const build::TwiceReport& report) {
    auto list = nlohmann::ordered_json::array();
    for (const build::TwicePackage& package : report.packages) {
        list.push_back({
            {"package", package.name},
            {"identical", package.is_identical},
            {"differences", nlohmann::ordered_json::parse(package::to_json(package.leaked))},
        });
    }
    const nlohmann::ordered_json json = {{"packages", list}, {"published", false}};
    return to_json_text(json);
}

}  // namespace

Result<build::BuildReport> build_twice_and_compare(
    const build::BuildOptions& options, const build::Services& services, const GlobalOptions& global
) {
    QUERN_TRY(build::TwiceReport report, build::build_twice(options, services));
    if (report.is_reproducible()) {
        if (!report.build.is_skipped) {
            services.reporter.note(fmt::format(
                "two builds gave the same bytes; the second had other: {}",
                build::varied_in_second_build
            ));
        }
        return std::move(report.build);
    }
    QUERN_CHECK(print(global.format == "json" ? to_json(report) : to_text(report)));
    const auto differs = [](const build::TwicePackage& package) { return !package.is_identical; };
    return Error(
               ErrorCode::invalid_recipe,
               fmt::format(
                   "{} of {} packages came out otherwise the second time; nothing is published",
                   std::count_if(report.packages.begin(), report.packages.end(), differs),
                   report.packages.size()
               )
    )
        .help(fmt::format(
            "the second build had other: {}; steps should take time from SOURCE_DATE_EPOCH",
            build::varied_in_second_build
        ));
}

}  // namespace quern::cli
