// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "sandbox/pipe.hpp"

#include <thread>

namespace quern::sandbox {

/// Copies a file, pipe or socket of this process to the standard input of one command, through a
/// pipe: the command never holds ours, which it could open anew, for writing too.
class InputRelay {
 public:
    /// `from` must stay open for as long as the result lives. Errors: sandbox.
    static Result<InputRelay> open(int from);
    InputRelay(InputRelay&&) noexcept = default;
    InputRelay& operator=(InputRelay&&) noexcept = default;  ///< before `start` only
    ~InputRelay() = default;                                 ///< stops the copying

    int command_end() const { return pipe_.read_end.get(); }
    /// To be called once, when the command has its end: closes that here.
    void start();

 private:
    InputRelay() = default;
    int from_ = -1;
    Pipe pipe_;
    std::jthread copy_;
};

}  // namespace quern::sandbox
