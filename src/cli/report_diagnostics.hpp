// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/reporter.hpp"

#include <string_view>

namespace quern::cli {

/// Shows all that was found in the text `name` and empties the collector. Errors: invalid_recipe,
/// with their number, if an error was among it.
Result<void> report_all(Diagnostics& diagnostics, std::string_view name, Reporter& reporter);

}  // namespace quern::cli
