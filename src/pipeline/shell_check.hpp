// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/plan.hpp"

namespace quern {
class CancelToken;
}

namespace quern::pipeline {

/// Lets bash parse every script of the plan, without running any of it, in one process with no
/// network, an empty environment and bounds on time and memory. Mistakes are "shell-syntax" at the
/// recipe's or definition's line: errors, but for a here-document without its end, which shells
/// accept. Where there is no bash, one warning "no-shell-check". The spans point into the files of
/// the plan. Errors: interrupted, io.
Result<void> check_scripts(const Plan& plan, const CancelToken& cancel, Diagnostics& diagnostics);

}  // namespace quern::pipeline
