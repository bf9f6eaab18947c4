// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <string>

namespace quern::cli {

/// The help of an error, or what helps with the number that the system gave or with a network.
/// Empty if nothing is known.
std::string next_move(const Error& error);

}  // namespace quern::cli
