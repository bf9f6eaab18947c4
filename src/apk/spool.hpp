// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <filesystem>

namespace quern::apk {

/// A file in `directory` that has no name: it is gone with its descriptor. Errors: io.
Result<UniqueFd> open_spool(const std::filesystem::path& directory);

}  // namespace quern::apk
