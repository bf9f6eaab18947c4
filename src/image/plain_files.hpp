// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/package_data.hpp"
#include "image/spool.hpp"
#include "quern/image.hpp"
#include "support/file_reader.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// The name of the package that plain files of an image belong to.
constexpr const char* plain_files_name = "quern-image-files";

/// Makes the package of `contents.files`: its version is made from a digest of what it holds, it
/// has an SBOM of its own, and the database lists every file. Errors: not_found, io (a source).
Result<PackageData> package_of_files(
    const std::vector<PlainFile>& files,
    const std::string& architecture,
    const FileReader& reader,
    Spool& spool
);

}  // namespace quern::image
