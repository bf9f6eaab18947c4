// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/obstacle.hpp"

#include <optional>

namespace quern::sandbox {

/// Why there is no bubblewrap that may be used: none, or a setuid one.
std::optional<Obstacle> bubblewrap_obstacle();

}  // namespace quern::sandbox
