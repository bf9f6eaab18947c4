// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace quern::cli {

Run define_license_check(CLI::App& app);

}  // namespace quern::cli
