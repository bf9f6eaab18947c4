// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/handle.hpp"

#include <termios.h>

#include <optional>
#include <thread>

namespace quern::sandbox {

/// A terminal of its own for one interactive command. What is typed at standard input goes to it,
/// so that the command never holds the user's terminal, whose input it could fake (attacks S2).
/// While this lives the user's terminal is in raw mode: the other one makes lines and signals.
class TerminalRelay {
 public:
    /// Errors: sandbox (no pseudo terminal here).
    static Result<TerminalRelay> open();
    TerminalRelay(TerminalRelay&&) noexcept = default;
    TerminalRelay& operator=(TerminalRelay&&) noexcept = default;  ///< before `start` only
    ~TerminalRelay();

    /// The command's end: its standard input, output and error.
    int command_end() const { return slave_.get(); }
    /// What the command prints; to be read until its end (EIO). Closes the command's end here.
    Result<UniqueFd> start();

 private:
    TerminalRelay() = default;
    UniqueFd master_;
    UniqueFd slave_;
    std::optional<termios> saved_;
    std::jthread input_;
};

}  // namespace quern::sandbox
