// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <string>
#include <string_view>

namespace quern::sandbox {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

/// Errors: sandbox.
Result<Pipe> make_pipe();

/// What comes until the other end is closed, at most 64 KiB.
std::string read_to_end(int fd);

/// A failed system call while a sandbox is made: ErrorCode::sandbox.
Error system_error(int err, std::string_view action);

}  // namespace quern::sandbox
