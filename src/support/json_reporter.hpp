// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/reporter.hpp"
#include "support/reporter_output.hpp"

#include <map>
#include <mutex>
#include <string>

namespace quern {

/// For programs: one JSON object on a line for each event. The fields are in the README of this
/// layer.
class JsonReporter final : public Reporter {
 public:
    /// `fd` is not owned. Of `options`, only `verbose` and `quiet` matter.
    JsonReporter(int fd, const ReporterOptions& options);
    ~JsonReporter() override;

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
    void print(std::string_view line);
    void print_step_line(std::string_view step, std::string_view line);
    void print_text(std::string_view event, std::string_view text);

    const int fd_;
    const ReporterOptions options_;
    std::mutex mutex_;
    std::map<ActivityId, std::uint64_t>
        last_step_;  ///< of the progress, so that not every call is a line
    StepLines lines_;
};

}  // namespace quern
