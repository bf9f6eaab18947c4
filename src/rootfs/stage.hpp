// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "support/cancel.hpp"
#include "support/guest_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quern::rootfs {

/// One file, link or directory that a package brings, as the installed database lists it.
struct InstalledEntry {
    archive::TarEntry entry;  ///< without content; without records
    std::string checksum;     ///< hex SHA-1 of files, hard links and symbolic links, else empty
    bool is_listed = true;    ///< false: another package has the path
};

/// A package of the tree with what it owns there.
struct InstalledPackage {
    apk::PackageInfo info;
    std::string checksum;  ///< "Q1…"
    std::uint64_t file_size = 0;
    std::map<std::string, std::string> control_files;
    std::vector<InstalledEntry> entries;  ///< in the order of the package
};

/// A package of which every byte has been checked, and whose files lie in a directory of its own
/// under their numbers in `package.entries`, with owner, mode, time and attributes.
struct StagedPackage {
    InstalledPackage package;
    std::uint64_t bytes = 0;  ///< of content
};

/// Name of the file of entry `number` in a staging directory.
std::string staged_name(std::size_t number);

/// Reads the package once and writes its files into `directory` (empty, on the file system of the
/// tree, for this user only). Symbolic links and directories are only listed, devices and what apk
/// skips (names at the root that begin with '.') are left out. Errors: digest_mismatch,
/// invalid_data, limit, io, interrupted; all name the package. Source: apk-format 1.5.
Result<StagedPackage> stage(
    const apk::PackageFile& package, int directory, GuestIds owner, const CancelToken& cancel
);

}  // namespace quern::rootfs
