// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "package/explain.hpp"
#include "package/scan/scan.hpp"
#include "package/subject.hpp"
#include "quern/package_file.hpp"
#include "quern/recipe.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quern::cli {

/// Opens packages that are named on the command line: files, and http(s) URLs, which are kept in
/// the cache.
class PackageOpener {
 public:
    explicit PackageOpener(const Invocation& invocation) : invocation_(invocation) {}

    /// Errors: as PackageFile::open and Fetcher::fetch; the message names the target.
    Result<apk::PackageFile> open(const std::string& target);

 private:
    Result<apk::PackageFile> download(const std::string& url);

    const Invocation& invocation_;
    std::unique_ptr<Session> session_;  ///< made for the first URL
};

/// A package with what it was built from and, as far as they lie in the same directory, the other
/// packages of its recipe.
struct PackageFamily {
    std::optional<recipe::Configuration> configuration;  ///< of .melange.yaml
    std::vector<package::Subject> subjects;              ///< the main package first
    std::size_t index = 0;                               ///< of the package itself

    /// What the recipe says of the package; null without a configuration.
    const recipe::Dependencies* declared() const;
    /// Scans the package again.
    package::ScanResult scan(const std::string& full_version) const;
};

/// Reads the files of `package` and of its siblings beside `target`. Siblings that are missing or
/// unreadable are left out. Errors: as inspect_package.
Result<PackageFamily> read_family(const apk::PackageFile& package, const std::string& target);

/// The files and lines of the recipe behind every relation of `package`. Errors: as read_family.
Result<std::vector<package::Explanation>> explain_relations(
    const apk::PackageFile& package, const std::string& target
);

}  // namespace quern::cli
