// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/reporter.hpp"

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

/// Keeps what it is told as lines, activities by title since ids differ from run to run:
///   start: title            start: title (in parent title)
///   progress: title 3/10 packages
///   finish: title           finish: title: outcome
///   output: step: bytes
///   diagnostic: [id] message
///   note: text              warning: text
class RecordingReporter final : public quern::Reporter {
 public:
    void activity_started(
        quern::ActivityId id, quern::ActivityId parent, std::string_view title
    ) noexcept override;
    void activity_progress(
        quern::ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
    ) noexcept override;
    void activity_finished(quern::ActivityId id, std::string_view outcome) noexcept override;
    void step_output(std::string_view step, std::string_view bytes) noexcept override;
    void diagnostic(const quern::Diagnostic& diagnostic) noexcept override;
    void note(std::string_view text) noexcept override;
    void warning(std::string_view text) noexcept override;

    std::vector<std::string> events() const;
    /// Those that start with `prefix`.
    std::vector<std::string> events_of(std::string_view prefix) const;
    /// Everything that `step` printed, in one piece.
    std::string output_of(std::string_view step) const;
    /// Activities that started and have not finished.
    std::size_t open_activities() const;

 private:
    void record(std::string event);
    mutable std::mutex mutex_;
    std::vector<std::string> events_;
    std::map<quern::ActivityId, std::string> titles_;
    std::map<std::string, std::string, std::less<>> outputs_;
};
