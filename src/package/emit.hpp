// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/data_section.hpp"
#include "package/subject.hpp"

#include <filesystem>

namespace quern::package {

/// Packs the files of a package and looks at each on the way (Inspector): afterwards `subject` has
/// the facts that scanners and linters want, and only the control section is missing. Errors: as
/// spool_data; invalid_data if a file changed since the walk; limit.
Result<apk::SpooledData> pack_data(
    const std::filesystem::path& directory,
    const FileTree& root,
    Subject& subject,
    const apk::PackageWriterOptions& options
);

}  // namespace quern::package
