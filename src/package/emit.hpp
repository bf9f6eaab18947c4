// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/data_section.hpp"
#include "package/subject.hpp"

#include <filesystem>

namespace quern::package {

/// Gives the files of a package to `sink` in order and looks at each on the way (Inspector).
/// Errors: those of `sink`; invalid_data if a file changed since the walk; limit.
Result<void> add_files(const FileTree& root, Subject& subject, apk::DataSink& sink);

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
