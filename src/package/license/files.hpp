// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/license/match.hpp"
#include "quern/error.hpp"
#include "support/file_tree.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// A file that may hold a licence, and the texts found in it.
struct LicenseFile {
    std::string path;
    int weight = 0;  ///< hundredths: how likely its name says that it is the licence of the whole
    std::vector<LicenseMatch> matches = {};
    bool is_cut = false;  ///< only its first `largest_license_text` bytes were looked at
};

struct LicenseSearch {
    bool is_deep = false;            ///< else two directories down, and not in `vendor`
    std::vector<std::string> named;  ///< files of any name that are looked at too
    bool only_named = false;         ///< and no others
    std::size_t most_files = 500;    ///< likely ones first; the rest is left out
};

/// Hundredths for the name of a file at the top; 0: it holds no licence. Source: recipe-and-build
/// 9.5.
int license_file_weight(std::string_view name);

/// Files of `tree` that hold licences, the likely ones first. Links are not followed; what cannot
/// be read, or lies more than 64 directories down, is passed over. Errors: io (the tree itself).
Result<std::vector<LicenseFile>> find_licenses(const FileTree& tree, const LicenseSearch& search);

}  // namespace quern::package
