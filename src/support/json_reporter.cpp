// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/json_reporter.hpp"

#include "support/atomic_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tuple>

namespace quern {

namespace {

using Json = nlohmann::ordered_json;

std::string to_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Grows by one for every percent, or for every MiB (or thousand things) while the total is
/// unknown.
std::uint64_t progress_step(std::uint64_t done, std::uint64_t total, std::string_view unit) {
    if (total == 0) {
        return unit == "B" ? done >> 20U : done / 1000;
    }
    return static_cast<std::uint64_t>(static_cast<double>(done) / static_cast<double>(total) * 100);
}

}  // namespace

JsonReporter::JsonReporter(int fd, const ReporterOptions& options) : fd_(fd), options_(options) {}

JsonReporter::~JsonReporter() {
    lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
}

void JsonReporter::activity_started(
    ActivityId id, ActivityId parent, std::string_view title
) noexcept {
    const std::lock_guard lock(mutex_);
    if (!options_.quiet) {
        print(to_line(
            {{"event", "activity_started"}, {"id", id}, {"parent", parent}, {"title", title}}
        ));
    }
}

void JsonReporter::activity_progress(
    ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t step = progress_step(done, total, unit);
    const auto [last, is_first] = last_step_.emplace(id, step);
    if (options_.quiet || (!is_first && last->second == step)) {
        return;
    }
    last->second = step;
    print(to_line(
        {{"event", "activity_progress"},
         {"id", id},
         {"done", done},
         {"total", total},
         {"unit", unit}}
    ));
}

void JsonReporter::activity_finished(ActivityId id, std::string_view outcome) noexcept {
    const std::lock_guard lock(mutex_);
    last_step_.erase(id);
    if (!options_.quiet) {
        lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
        print(to_line({{"event", "activity_finished"}, {"id", id}, {"outcome", outcome}}));
    }
}

void JsonReporter::step_output(std::string_view step, std::string_view bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (options_.verbose && !options_.quiet) {
        lines_.feed(step, bytes, [this](auto name, auto line) { print_step_line(name, line); });
    }
}

void JsonReporter::diagnostic(const Diagnostic& diagnostic) noexcept {
    const std::lock_guard lock(mutex_);
    const std::string json = render_json(diagnostic);
    print(fmt::format(R"({{"event":"diagnostic",{})", std::string_view(json).substr(1)));
}

void JsonReporter::note(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    if (!options_.quiet) {
        print_text("note", text);
    }
}

void JsonReporter::warning(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    print_text("warning", text);
}

void JsonReporter::print(std::string_view line) {
    std::ignore = write_all(fd_, line);  // a closed pipe is no error of ours
}

void JsonReporter::print_step_line(std::string_view step, std::string_view line) {
    print(to_line({{"event", "step_output"}, {"step", step}, {"line", line}}));
}

void JsonReporter::print_text(std::string_view event, std::string_view text) {
    print(to_line({{"event", event}, {"text", text}}));
}

}  // namespace quern
