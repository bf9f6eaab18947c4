// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/recording_reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

void RecordingReporter::record(std::string event) {
    events_.push_back(std::move(event));
}

void RecordingReporter::activity_started(
    quern::ActivityId id, quern::ActivityId parent, std::string_view title
) noexcept {
    const std::lock_guard lock(mutex_);
    const auto outer = titles_.find(parent);
    record(
        outer == titles_.end() ? fmt::format("start: {}", title)
                               : fmt::format("start: {} (in {})", title, outer->second)
    );
    titles_.emplace(id, title);
}

void RecordingReporter::activity_progress(
    quern::ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
) noexcept {
    const std::lock_guard lock(mutex_);
    record(fmt::format("progress: {} {}/{} {}", titles_[id], done, total, unit));
}

void RecordingReporter::activity_finished(quern::ActivityId id, std::string_view outcome) noexcept {
    const std::lock_guard lock(mutex_);
    const auto separator = outcome.empty() ? "" : ": ";
    record(fmt::format("finish: {}{}{}", titles_[id], separator, outcome));
    titles_.erase(id);
}

void RecordingReporter::step_output(std::string_view step, std::string_view bytes) noexcept {
    const std::lock_guard lock(mutex_);
    record(fmt::format("output: {}: {}", step, bytes));
    outputs_[std::string(step)] += bytes;
}

void RecordingReporter::diagnostic(const quern::Diagnostic& diagnostic) noexcept {
    const std::lock_guard lock(mutex_);
    record(fmt::format("diagnostic: [{}] {}", diagnostic.id, diagnostic.message));
}

void RecordingReporter::note(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    record(fmt::format("note: {}", text));
}

void RecordingReporter::warning(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    record(fmt::format("warning: {}", text));
}

std::vector<std::string> RecordingReporter::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

std::vector<std::string> RecordingReporter::events_of(std::string_view prefix) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(found), [&](const auto& event) {
        return event.starts_with(prefix);
    });
    return found;
}

std::string RecordingReporter::output_of(std::string_view step) const {
    const std::lock_guard lock(mutex_);
    const auto found = outputs_.find(step);
    return found == outputs_.end() ? std::string() : found->second;
}

std::size_t RecordingReporter::open_activities() const {
    const std::lock_guard lock(mutex_);
    return titles_.size();
}
