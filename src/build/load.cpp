// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/load.hpp"

#include "build/limits.hpp"
#include "build/lint.hpp"
#include "pipeline/shell_check.hpp"
#include "quern/version.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::build {
namespace {

Error report_all(Diagnostics& diagnostics, const std::filesystem::path& path, Reporter& reporter) {
    const std::size_t errors = diagnostics.error_count();
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter.diagnostic(diagnostic);
    }
    return {
        ErrorCode::invalid_recipe,
        fmt::format("{} has {} error{}", path.string(), errors, errors == 1 ? "" : "s")};
}

void report_warnings(Diagnostics& diagnostics, Reporter& reporter) {
    for (const Diagnostic& warning : diagnostics.take()) {
        reporter.diagnostic(warning);
    }
}

}  // namespace

Result<recipe::Configuration> load_recipe(
    const std::filesystem::path& path, const recipe::LoadOptions& options, const Services& services
) {
    Diagnostics diagnostics;
    auto configuration = recipe::load(path, services.reader, options, diagnostics);
    if (configuration && !apk::is_recipe_version(configuration->package.version.value)) {
        const recipe::Text& version = configuration->package.version;
        diagnostics.error(
            "bad-version",
            fmt::format("unable to parse version '{}'", printable(version.value)),
            version.where,
            "an apk version is digits.digits[letter][_alpha|_beta|_pre|_rc][_p|_git|_svn|_hg|_cvs]"
        );
    }
    if (configuration) {
        check_disabled_linters(*configuration, diagnostics);
        check_limits(*configuration, diagnostics);
    }
    if (!configuration || diagnostics.has_errors()) {
        return report_all(diagnostics, path, services.reporter);
    }
    report_warnings(diagnostics, services.reporter);
    return std::move(*configuration);
}

Result<pipeline::Compiled> compile_recipe(
    const recipe::Configuration& configuration,
    const std::filesystem::path& path,
    const recipe::LoadOptions& options,
    const Services& services
) {
    Diagnostics diagnostics;
    auto compiled = pipeline::compile(configuration, services.library, options, diagnostics);
    if (!compiled || diagnostics.has_errors()) {
        return report_all(diagnostics, path, services.reporter);
    }
    report_warnings(diagnostics, services.reporter);
    return std::move(*compiled);
}

Result<void> check_scripts(
    const pipeline::Plan& plan, const std::filesystem::path& path, const Services& services
) {
    Diagnostics diagnostics;
    QUERN_CHECK(pipeline::check_scripts(plan, services.cancel, diagnostics));
    if (diagnostics.has_errors()) {
        return report_all(diagnostics, path, services.reporter);
    }
    report_warnings(diagnostics, services.reporter);
    return {};
}

bool is_wanted(
    const recipe::Package& package,
    const std::filesystem::path& path,
    const std::string& architecture,
    Reporter& reporter
) {
    const auto& wanted = package.target_architectures;
    const bool is_any = wanted.empty() || (wanted.size() == 1 && wanted[0].value == "all");
    if (is_any || std::any_of(wanted.begin(), wanted.end(), [&](const recipe::Text& text) {
            return text.value == architecture;
        })) {
        return true;
    }
    reporter.warning(
        fmt::format("{} is not for {} (target-architecture)", path.string(), architecture)
    );
    return false;
}

}  // namespace quern::build
