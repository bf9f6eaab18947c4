// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "quern/source_file.hpp"

#include <memory>
#include <optional>

namespace quern::recipe {

/// Reads dotenv syntax: `KEY=value`, `KEY: value`, `export `, spaces around `=`; `#` after a space
/// starts a comment; '…' is literal; "…" has escapes and may span lines; `$A` and `${A}` of earlier
/// keys are put in outside of single quotes, unknown ones as nothing; `${{…}}` stays. Of equal keys
/// the last wins. Wrong lines are "bad-env-file"; empty if there was one.
std::optional<TextMap> parse_env_file(const SourceFile& file, Diagnostics& diagnostics);

}  // namespace quern::recipe
