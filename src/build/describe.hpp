// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/output.hpp"

namespace quern::build {

/// Writes the SPDX document of an output into its tree, where scanners look for it. Errors:
/// invalid_data, io. Source: recipe-and-build 10.
Result<void> describe(
    const Output& output, const FileTree& tree, const PackContext& context, const Services& services
);

}  // namespace quern::build
