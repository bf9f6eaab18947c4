// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/reporter.hpp"
#include "support/reporter_output.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace quern {

/// For a person at a terminal: lines that stay, and below them one status line that is redrawn in
/// place, at most every 50 ms. Activities of the top level leave a line when they finish.
class TerminalReporter final : public Reporter {
 public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    /// `fd` is not owned. `clock` is for tests.
    TerminalReporter(
        int fd, const ReporterOptions& options, Clock clock = &std::chrono::steady_clock::now
    );
    ~TerminalReporter() override;

    void activity_started(
        ActivityId id, ActivityId parent, std::string_view title
    ) noexcept override;
    void activity_progress(
        ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
    ) noexcept override;
    void activity_finished(ActivityId id, std::string_view outcome) noexcept override;
    void step_output(std::string_view step, std::string_view bytes) noexcept override;
    void diagnostic(const Diagnostic& diagnostic) noexcept override;
    void note(std::string_view text) noexcept override;
    void warning(std::string_view text) noexcept override;

 private:
    struct State {
        std::string title;
        ActivityId parent = 0;
        std::string progress;
    };
    void print(std::string_view lines);
    void print_step_line(std::string_view step, std::string_view line);
    void draw(bool is_urgent);
    std::string status_line() const;
    std::string paint(std::string_view code, std::string_view text) const;

    const int fd_;
    const ReporterOptions options_;
    const Clock clock_;
    std::mutex mutex_;
    std::map<ActivityId, State> activities_;
    ActivityId focus_ = 0;  ///< the activity that said something last
    StepLines lines_;
    std::chrono::steady_clock::time_point last_draw_;
    bool has_status_ = false;
};

}  // namespace quern
