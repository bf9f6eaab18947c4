// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/reporter.hpp"
#include "support/reporter_output.hpp"

#include <map>
#include <mutex>
#include <string>

namespace quern {

/// For logs and pipes: one line for the start and the end of each activity of the top level, no
/// escape sequences, never a line taken back.
class PlainReporter final : public Reporter {
 public:
    /// `fd` is not owned. Of `options`, the colour is ignored.
    PlainReporter(int fd, const ReporterOptions& options);
    ~PlainReporter() override;

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
    void print(std::string_view lines);
    void print_step_line(std::string_view step, std::string_view line);

    const int fd_;
    const ReporterOptions options_;
    std::mutex mutex_;
    std::map<ActivityId, std::string> titles_;  ///< of the top level
    StepLines lines_;
};

}  // namespace quern
