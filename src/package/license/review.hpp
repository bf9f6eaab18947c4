// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/license/files.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// A licence that was found with certainty and that the recipe does not state.
struct LicenseDifference {
    std::string path;
    LicenseMatch match;
    std::optional<std::size_t> entry;  ///< the one whose license-path the file is
    std::string message;               ///< "LICENSE is Apache-2.0 (0.99), the recipe says MIT"
};

/// True if an expression, as a recipe states it, names the licence that was found. A text that
/// leaves later versions open agrees with all of its versions.
bool states_license(std::string_view expression, std::string_view found);

/// What was found as a recipe would state it: "GPL-2.0-only" for a text that says no more than
/// "GPL-2.0".
std::string stated_form(std::string_view found);

/// Compares what was found with the recipe's `copyright`: a file with the entry whose license-path
/// it is, else with all entries; `detection-override` silences. Source: recipe-and-build 9.5.
std::vector<LicenseDifference> compare_licenses(
    const std::vector<recipe::Copyright>& stated, const std::vector<LicenseFile>& found
);

/// An entry of `copyright` as --fix wants it.
struct WantedCopyright {
    std::optional<std::size_t> entry;  ///< a present one that stays, perhaps changed
    std::string license;
    std::string license_path;  ///< empty: as it is

    bool operator==(const WantedCopyright&) const = default;
};

/// One entry a licence that was found with certainty; entries that state it stay as they are.
/// `is_simple`: one entry of all of them. Source: recipe-and-build 11.5.
std::vector<WantedCopyright> fixed_copyright(
    const std::vector<recipe::Copyright>& stated,
    const std::vector<LicenseFile>& found,
    bool is_simple
);

}  // namespace quern::package
