// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace quern::sandbox {

/// The exit code of the command in it. Nothing if the command was never started, or was killed with
/// its sandbox. Source: bwrap(1), --json-status-fd.
std::optional<int> exit_code_in(std::string_view bubblewrap_status);

}  // namespace quern::sandbox
