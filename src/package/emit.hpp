// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "package/tree.hpp"
#include "quern/keyring.hpp"
#include "quern/package_info.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace quern::package {

/// The control section of a package, but for size and datahash.
struct ControlSection {
    apk::PackageInfo info;
    std::map<std::string, std::string>
        files;  ///< scripts and others by name: ".post-install", ".melange.yaml"
};

/// Packs a tree: `<directory>/<name>-<version>.apk`. Errors: as write_package; invalid_data if a
/// file changed since the walk.
Result<apk::WrittenPackage> emit(
    const std::filesystem::path& directory,
    const FileTree& root,
    const Tree& tree,
    const ControlSection& control,
    const apk::PackageWriterOptions& options
);

}  // namespace quern::package
