// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <filesystem>
#include <string>

namespace quern::cli {

/// Gives a file of the user's another text: in place, through links, with the mode that it has.
Result<void> replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace quern::cli
