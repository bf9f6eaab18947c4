// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/sbom.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// One `copyright` entry of a recipe, with the text that its license-path names, if it has one.
struct LicenseEntry {
    std::string license;
    std::string text;
    bool has_path = false;
};

struct LicenseSummary {
    std::string expression;  ///< joined with AND; "NOASSERTION" if there are none
    std::vector<ExtractedLicense> extracted;
    std::vector<std::string> warnings;
};

/// Licence of a package for its SBOM (recipe-and-build 10.5).
LicenseSummary summarize_licenses(const std::vector<LicenseEntry>& entries);

}  // namespace quern::package
