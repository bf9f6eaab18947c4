// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "quern/package_file.hpp"

namespace quern::apk {

/// Reads the tar of a data section to its end and checks what `PackageFile::read_data` promises of
/// entries and their content. Errors: as there.
Result<void> visit_data(
    archive::ByteSource& source, const PackageLimits& limits, const PackageFile::Visitor& visit
);

}  // namespace quern::apk
