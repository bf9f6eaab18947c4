// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/subject.hpp"
#include "quern/package_file.hpp"

#include <map>
#include <string>
#include <vector>

namespace quern::package {

/// One package file that is compared: its head, its files, and the texts that are shown by lines.
struct ComparedPackage {
    apk::PackageHead head;
    Subject subject;
    /// SPDX documents, by names without the version. Of one over 16 MiB, and of what is over 32 MiB
    /// together, size and checksum are all that is told.
    std::map<std::string, std::string> texts;
};

/// Reads a package for comparing. Errors: as inspect_package.
Result<ComparedPackage> read_compared(const apk::PackageFile& package);

/// A value that changed; an empty side was not there.
struct Change {
    std::string subject;  ///< path, field or script
    std::string before, after;
    std::vector<std::string> reasons = {};  ///< of a file: where its contents differ, a line each
};

/// What is different between two packages.
struct Comparison {
    std::vector<Change> fields;     ///< of .PKGINFO but relations: version, description, size ...
    std::vector<Change> relations;  ///< subject is "depends" or the like, one side is empty
    std::vector<Change> files;      ///< sides are "0644 0:0 12 B", with what the content is
    std::vector<Change> scripts;    ///< sides are whole texts of the control section
    std::vector<Change> documents;  ///< sides are whole SPDX documents
    std::vector<std::string> broken_sonames;  ///< provided before and not any more

    bool is_empty() const;
};

Comparison compare(const ComparedPackage& before, const ComparedPackage& after);

/// Adds where the contents of changed files differ (`explain_difference`); files over 32 MiB, and
/// what is over 256 MiB together, are left as they are. Reads the data sections of both packages.
/// Errors: as PackageFile::read_data.
Result<void> explain_files(
    Comparison& comparison, const apk::PackageFile& before, const apk::PackageFile& after
);

/// For people; scripts and documents as unified diffs.
std::string to_text(const Comparison& comparison);
/// One line of JSON: {fields, relations, files, scripts, documents, broken_sonames}; changes are
/// {subject, before, after}, files with reasons too.
std::string to_json(const Comparison& comparison);

}  // namespace quern::package
