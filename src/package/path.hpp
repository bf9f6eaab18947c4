// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace quern::package {

/// What stands before the last slash; empty for a name at the root.
std::string_view parent_path(std::string_view path);
/// What stands behind the last slash.
std::string_view file_name(std::string_view path);
/// Whether `path` lies below `directory` at any depth: "usr/lib/x" below "usr". `directory` has no
/// slash at its end.
bool is_below(std::string_view path, std::string_view directory);
/// What stands behind the last dot of the name, with it: ".so"; empty without a dot.
std::string_view file_extension(std::string_view path);

}  // namespace quern::package
