// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace quern::repository {

/// Writes packages of version 2 as such of version 3 into `<repository>/v3/<architecture>/`, a
/// repository of its own beside the one that every client reads, and its Packages.adb. Both become
/// visible at once where the file system can exchange directories, the index last elsewhere.
/// Publishers take turns. Errors: as reading and writing packages; io.
Result<std::vector<apk::WrittenPackage>> publish_v3(
    const std::filesystem::path& repository,
    std::string_view architecture,
    std::span<const std::filesystem::path> packages,
    const apk::PackageWriterOptions& options
);

}  // namespace quern::repository
