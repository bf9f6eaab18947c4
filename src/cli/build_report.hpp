// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/build.hpp"

#include <string>

namespace quern::cli {

/// What a build prints on standard output: the packages, one a line.
std::string to_text(const build::BuildReport& report);
/// The same with sizes, checksums, caches and the log, on one line.
std::string json_of(const build::BuildReport& report);

}  // namespace quern::cli
