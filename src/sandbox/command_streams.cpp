// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/command_streams.hpp"

#include "sandbox/staging.hpp"
#include "support/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <tuple>
#include <utility>

namespace quern::sandbox {

namespace {

constexpr std::size_t max_kept_bytes = 4096;

void write_to_terminal(std::string_view bytes, bool) {
    std::ignore = write_all(STDOUT_FILENO, bytes);  // a terminal that is gone reads nothing
}

}  // namespace

Result<CommandStreams> CommandStreams::open(const Command& command) {
    CommandStreams streams;
    if (command.interactive) {
        QUERN_TRY(TerminalRelay terminal, TerminalRelay::open());
        streams.terminal_.emplace(std::move(terminal));
        return streams;
    }
    if (command.input_fd >= 0) {
        QUERN_TRY(InputRelay relay, InputRelay::open(command.input_fd));
        streams.relay_.emplace(std::move(relay));
    } else {
        QUERN_TRY(streams.input_, open_path("/dev/null", O_RDONLY));
    }
    QUERN_TRY(streams.output_, make_pipe());
    return streams;
}

std::vector<std::pair<int, int>> CommandStreams::descriptors() const {
    if (terminal_) {
        const int end = terminal_->command_end();
        return {{end, STDIN_FILENO}, {end, STDOUT_FILENO}, {end, STDERR_FILENO}};
    }
    return {
        {relay_ ? relay_->command_end() : input_.get(), STDIN_FILENO},
        {output_.write_end.get(), STDOUT_FILENO},
        {output_.write_end.get(), STDERR_FILENO}};
}

Result<ChildProcess> CommandStreams::adopt(pid_t pid) {
    auto from_command =
        terminal_ ? terminal_->start() : Result<UniqueFd>(std::move(output_.read_end));
    output_.write_end = UniqueFd();
    if (relay_) {
        relay_->start();
    }
    ChildProcess process =
        ChildProcess::adopt(pid, from_command ? std::move(*from_command) : UniqueFd());
    if (!from_command) {
        return std::move(from_command).error();
    }
    return process;
}

OutputKeeper::OutputKeeper(const Command& command, const OutputSink& next)
    : next_(command.interactive ? OutputSink(write_to_terminal) : next) {}

void OutputKeeper::operator()(std::string_view bytes, bool is_stderr) {
    text_.append(bytes.substr(0, max_kept_bytes - text_.size()));
    if (next_) {
        next_(bytes, is_stderr);
    }
}

}  // namespace quern::sandbox
