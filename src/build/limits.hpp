// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"

namespace quern {
class Diagnostics;
}

namespace quern::build {

/// Reports what a recipe says that clients cannot install, each at its place: relations that are
/// none or have more than 256 bytes, scripts of more than 256 KiB or without "#!", texts that do
/// not fit in a record of the index. Source: apk-format 1.3.
void check_limits(const recipe::Configuration& configuration, Diagnostics& diagnostics);

}  // namespace quern::build
