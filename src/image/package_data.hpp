// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "image/spool.hpp"
#include "quern/package_file.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quern::image {

/// One entry of a package's data section; its content lies in the spool.
struct DataEntry {
    archive::TarEntry entry;
    std::string checksum;  ///< hex SHA-1 as the package records it; empty: none
    std::uint64_t offset = 0;
};

/// A file of the control section that a package manager would run.
struct Script {
    archive::TarEntry entry;
    std::string content;
};

/// A package that was read whole and whose every hash was right.
struct PackageData {
    apk::PackageInfo info;
    std::string checksum;  ///< "Q1…"
    std::uint64_t file_size = 0;
    std::vector<Script> scripts;  ///< in the order of the control section
    std::vector<DataEntry> entries;
    bool keeps_owners = false;  ///< in any image: its user named them
};

/// Reads a package and puts its files in the spool. Errors: digest_mismatch, invalid_data, limit,
/// io; with the package's name.
Result<PackageData> read_package(const apk::PackageFile& package, Spool& spool);

}  // namespace quern::image
