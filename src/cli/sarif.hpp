// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"

#include <span>
#include <string>

namespace quern::cli {

/// Diagnostics as one SARIF log, indented, which services that show findings beside code read.
/// Source: OASIS Static Analysis Results Interchange Format 2.1.0.
std::string to_sarif(std::span<const Diagnostic> diagnostics);

}  // namespace quern::cli
