// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <span>
#include <string_view>

namespace quern::cli {

constexpr int status_usage = 2;
constexpr int status_internal = 70;  ///< Source: EX_SOFTWARE of sysexits.h

/// Status of the process for an error.
int exit_status(ErrorCode code);

struct StatusMeaning {
    int status;
    std::string_view meaning;
};

/// Every status that a command can end with, ascending, in the words of the table in README.md
/// (a test compares them). Source: house section 5.
std::span<const StatusMeaning> status_meanings();

}  // namespace quern::cli
