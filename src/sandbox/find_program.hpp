// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::sandbox {

/// The absolute path of a program in PATH, or where administrators' programs lie; empty if there is
/// none. Relative parts of PATH do not count.
std::string find_program(std::string_view name);

}  // namespace quern::sandbox
