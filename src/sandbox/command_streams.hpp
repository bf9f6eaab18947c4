// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/sandbox.hpp"
#include "sandbox/input_relay.hpp"
#include "sandbox/pipe.hpp"
#include "sandbox/terminal_relay.hpp"
#include "support/child_process.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quern::sandbox {

/// Standard input, output and error of one command: /dev/null or what `input_fd` gives, and one
/// pipe; or a terminal.
class CommandStreams {
 public:
    /// Errors: sandbox.
    static Result<CommandStreams> open(const Command& command);
    /// {ours, the child's number}
    std::vector<std::pair<int, int>> descriptors() const;
    /// The process that was started with these. To be called once; this object outlives the result.
    Result<ChildProcess> adopt(pid_t pid);

 private:
    UniqueFd input_;
    std::optional<InputRelay> relay_;  ///< in place of input_
    Pipe output_;
    std::optional<TerminalRelay> terminal_;  ///< in place of all
};

/// Passes output on and keeps its beginning, to explain a sandbox that could not be made.
class OutputKeeper {
 public:
    OutputKeeper(const Command& command, const OutputSink& next);
    void operator()(std::string_view bytes, bool is_stderr);
    const std::string& text() const { return text_; }

 private:
    OutputSink next_;
    std::string text_;
};

}  // namespace quern::sandbox
