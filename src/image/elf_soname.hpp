// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/root_tree.hpp"
#include "image/spool.hpp"

#include <optional>
#include <string>

namespace quern::image {

/// The name that a shared library of this byte order and 64 bits gives itself (DT_SONAME): empty if
/// it has none, nothing if the file is no such library or is damaged. Errors: io.
/// Source: System V ABI, gabi 4.1 "Object Files", "Dynamic Section".
Result<std::optional<std::string>> read_soname(const Spool& spool, const FileContent& content);

}  // namespace quern::image
