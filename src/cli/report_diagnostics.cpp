// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/report_diagnostics.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace quern::cli {

Result<void> report_all(Diagnostics& diagnostics, std::string_view name, Reporter& reporter) {
    const std::size_t errors = diagnostics.error_count();
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        reporter.diagnostic(diagnostic);
    }
    if (errors == 0) {
        return {};
    }
    return Error(
        ErrorCode::invalid_recipe,
        fmt::format("{} has {} error{}", name, errors, errors == 1 ? "" : "s")
    );
}

}  // namespace quern::cli
