// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/source_file.hpp"

#include <vector>

namespace quern::recipe {

/// Takes out the warnings that comments of the files they stand in allow:
///
///     vars:
///       soname: "3"  # quern: allow unused-variable - read by the release script
///     # quern: allow missing-checksum, other-id - the server makes the file anew each time
///     # quern: allow-file unused-range - generated
///
/// Such a comment is for its own line, or, if it stands alone, for the next line that is no
/// comment. Errors cannot be allowed. A comment of `recipe` without ids or reason becomes
/// "bad-allowance", one that allowed nothing "unused-allowance"; both are warnings. The result is
/// sorted as Diagnostics sorts.
std::vector<Diagnostic> without_allowed(
    std::vector<Diagnostic> diagnostics, const SourceFile& recipe
);

}  // namespace quern::recipe
