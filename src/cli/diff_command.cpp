// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"
#include "cli/package_argument.hpp"
#include "cli/terminal.hpp"
#include "package/compare.hpp"

#include <fmt/format.h>

#include <memory>

namespace quern::cli {
namespace {

struct DiffFlags {
    std::string before, after;
    bool exit_code = false;
};

Result<void> run_diff(const DiffFlags& flags, const Invocation& invocation) {
    PackageOpener opener(invocation);
    QUERN_TRY(const apk::PackageFile before, opener.open(flags.before));
    QUERN_TRY(const apk::PackageFile after, opener.open(flags.after));
    QUERN_TRY(const package::ComparedPackage old_package, package::read_compared(before));
    QUERN_TRY(const package::ComparedPackage new_package, package::read_compared(after));
    package::Comparison comparison = package::compare(old_package, new_package);
    QUERN_CHECK(package::explain_files(comparison, before, after));
    QUERN_CHECK(print(
        invocation.global.format == "json" ? package::to_json(comparison)
                                           : package::to_text(comparison)
    ));
    if (flags.exit_code && !comparison.is_empty()) {
        return Error(ErrorCode::invalid_recipe, "the packages differ");
    }
    return {};
}

}  // namespace

Run define_diff(CLI::App& app) {
    const auto flags = std::make_shared<DiffFlags>();
    add_option(app, "old", flags->before, "package file (.apk) or http(s) URL")->required();
    add_option(app, "new", flags->after, "package file (.apk) or http(s) URL")->required();
    add_flag(app, "--exit-code", flags->exit_code, "exit with status 1 if the packages differ");
    return [flags](const Invocation& invocation) { return run_diff(*flags, invocation); };
}

}  // namespace quern::cli
