// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_entry.hpp"
#include "archive/tar_writer.hpp"
#include "quern/error.hpp"

#include <string>

namespace quern::archive {

/// All blocks that stand before the content of `entry`. Errors: limit, invalid_data, with its path.
Result<std::string> make_headers(const TarEntry& entry, TarForm form);

}  // namespace quern::archive
