// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

/// Commands that read or change a recipe without building it.
namespace quern::cli {

Run define_query(CLI::App& app);
Run define_package_version(CLI::App& app);
Run define_bump(CLI::App& app);

}  // namespace quern::cli
