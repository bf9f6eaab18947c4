// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/test.hpp"

#include <span>
#include <string>

namespace quern::cli {

/// The reports in the XML dialect that CI systems read: one suite a recipe and architecture, one
/// case a block. A block that could not be set up is an error, one whose step failed a failure.
/// Source: the JUnit schema of Apache Ant's junitreport, as CI systems take it.
std::string to_junit(std::span<const build::TestReport> reports);

}  // namespace quern::cli
