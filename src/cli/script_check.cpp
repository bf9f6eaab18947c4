// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/script_check.hpp"

#include "cli/report_diagnostics.hpp"
#include "pipeline/shell_check.hpp"
#include "quern/plan.hpp"

namespace quern::cli {

Result<void> check_scripts_of(
    const std::filesystem::path& path,
    const recipe::LoadOptions& options,
    const build::Services& services
) {
    Diagnostics loading;
    const auto configuration = recipe::load(path, services.reader, options, loading);
    const auto compiled =
        configuration ? pipeline::compile(*configuration, services.library, options, loading)
                      : std::nullopt;
    if (!compiled) {
        return {};
    }
    Diagnostics found;
    QUERN_CHECK(pipeline::check_scripts(compiled->plan, services.cancel, found));
    return report_all(found, path.string(), services.reporter);
}

}  // namespace quern::cli
