// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "quern/package_file.hpp"

#include <filesystem>

namespace quern::apk {

/// Writes what a package holds as a package of version 3, `<directory>/<name>-<version>.apk` (mode
/// 0644; atomically). All of it is checked first; content is kept meanwhile in a file without a
/// name in `directory`. `checksum` of what is given is "Q2…", a data hash it has none. Not taken
/// over, because version 3 has no place for it: files of the control section that are no scripts,
/// the packager, and entries at the root that begin with '.', which clients do not install. Same
/// package, same key: same bytes. Errors: as reading; invalid_data (an owner without a name, a
/// relation that cannot be written), limit, io.
Result<WrittenPackage> write_package_v3(
    const PackageFile& package,
    const std::filesystem::path& directory,
    const PackageWriterOptions& options
);

}  // namespace quern::apk
