// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/scan/scan.hpp"
#include "quern/package_info.hpp"

#include <string>
#include <vector>

namespace quern::package {

/// Where one relation of a package comes from.
struct Explanation {
    Relation relation = Relation::depends;
    std::string text;
    bool is_declared = false;        ///< the recipe says so
    std::string scanner;             ///< empty if no scanner says so
    std::vector<std::string> files;  ///< behind it; the first few
    std::size_t file_count = 0;
};

/// Explains every relation of `info`, and those that the package carries for itself, by what the
/// recipe declares and what a scan of the files gives.
std::vector<Explanation> explain(
    const apk::PackageInfo& info, const ScanResult& scan, const recipe::Dependencies& declared
);

/// For people: "so:libz.so.1  <- usr/bin/x and 3 more (shared-objects)", a line each under its
/// heading.
std::string to_text(const apk::PackageInfo& info, const std::vector<Explanation>& explanations);
/// One line of JSON: {package, version, relations: [{relation, text, declared, scanner, files,
/// file_count}]}.
std::string to_json(const apk::PackageInfo& info, const std::vector<Explanation>& explanations);

}  // namespace quern::package
