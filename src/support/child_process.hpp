// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"
#include "support/handle.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

struct ExitStatus {
    bool exited = true;  ///< false: ended by a signal
    int value = 0;       ///< exit status or signal number
    bool is_success() const { return exited && value == 0; }
    std::string describe() const;  ///< "exit status 2", "killed by signal 9 (Killed)"
};

/// What to run. Nothing is inherited but what is named here.
struct ProcessOptions {
    std::vector<std::string>
        argv;  ///< argv[0] is looked up in the PATH of this process if it has no slash
    std::vector<std::pair<std::string, std::string>> environment;
    std::filesystem::path working_directory;  ///< empty: that of this process
    std::vector<std::pair<int, int>>
        descriptors;             ///< {ours, the child's number} above 2 to hand over
    std::string standard_input;  ///< fed to the child; empty: /dev/null
    int input_fd = -1;           ///< read by the child in place of standard_input
    bool merge_stderr = true;    ///< stderr goes where stdout goes; else it is read apart
    bool interactive = false;    ///< stdin, stdout and stderr of this process, same process group
};

/// A child in its own process group. The destructor kills the group and reaps.
class ChildProcess {
 public:
    using Sink = std::function<void(std::string_view bytes, bool is_stderr)>;

    /// Errors: not_found (no such program), io.
    static Result<ChildProcess> spawn(const ProcessOptions& options);
    ChildProcess(ChildProcess&&) noexcept;
    ChildProcess& operator=(ChildProcess&&) noexcept;
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// Reads until the child ended and its output is closed; what it left running in its group is
    /// killed. A requested cancel or a passed `timeout` sends TERM to the group, after a grace of
    /// one second KILL. Errors: interrupted, limit (timed out), io.
    Result<ExitStatus> wait(
        const Sink& sink,
        const CancelToken& cancel,
        std::optional<std::chrono::milliseconds> timeout = {}
    );
    pid_t pid() const { return pid_; }
    /// Sends KILL to the group; `wait` still has to be called. May be called from a sink.
    void kill() noexcept;

    /// Takes over a process that was made in another way; `output` is its stdout and stderr.
    static ChildProcess adopt(pid_t pid, UniqueFd output);

 private:
    ChildProcess() = default;
    void kill_rest_of_group() noexcept;
    Result<void> read_ready(const Sink& sink, int pidfd, std::chrono::milliseconds interval);
    pid_t pid_ = -1;
    UniqueFd output_;
    UniqueFd error_output_;
};

struct CapturedOutput {
    ExitStatus status;
    std::string output;
    std::string error_output;
};

/// Runs to the end and keeps what was printed (at most 64 MiB; more is an error).
Result<CapturedOutput> run_captured(const ProcessOptions& options, const CancelToken& cancel);

}  // namespace quern
