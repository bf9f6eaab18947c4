// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/package_data.hpp"
#include "image/spool.hpp"
#include "quern/image.hpp"
#include "support/handle.hpp"

#include <string>
#include <vector>

namespace quern::image {

/// The name of the package that plain files of an image belong to.
constexpr const char* plain_files_name = "quern-image-files";

/// Opens the source of a file: a regular file below the folder of the image file that names it. An
/// image file may come from somebody else: what the machine has besides must not get into an image
/// by it, through a link neither. Errors: not_found, io, invalid_data (no such file, or it leaves).
Result<UniqueFd> open_source(const PlainFile& file);

/// Makes the package of `contents.files`: its version is made from a digest of what it holds, it
/// has an SBOM of its own, and the database lists every file. Errors: those of `open_source`, io (a
/// source changed meanwhile).
Result<PackageData> package_of_files(
    const std::vector<PlainFile>& files, const std::string& architecture, Spool& spool
);

}  // namespace quern::image
