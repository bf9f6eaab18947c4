// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// There is no thread and no timer here: a process has to be single-threaded when it enters a user
// namespace. The status line is drawn when something is reported, unless it was drawn less than 50
// ms before.
#include "support/terminal_reporter.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace quern {

namespace {

constexpr std::chrono::milliseconds draw_interval(50);
constexpr std::string_view clear_line = "\r\x1b[K";
constexpr std::string_view bold = "1";
constexpr std::string_view magenta = "1;35";
constexpr std::string_view dim = "2";

}  // namespace

TerminalReporter::TerminalReporter(int fd, const ReporterOptions& options, Clock clock)
    : fd_(fd), options_(options), clock_(std::move(clock)) {}

TerminalReporter::~TerminalReporter() {
    lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
    if (has_status_) {
        std::ignore = write_all(fd_, clear_line);  // a closed terminal is no error of ours
    }
}

void TerminalReporter::activity_started(
    ActivityId id, ActivityId parent, std::string_view title
) noexcept {
    const std::lock_guard lock(mutex_);
    activities_[id] = {.title = printable(title), .parent = parent, .progress = {}};
    focus_ = id;
    draw(parent == 0);
}

void TerminalReporter::activity_progress(
    ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = activities_.find(id);
    if (found != activities_.end()) {
        found->second.progress = describe_progress(done, total, unit);
        focus_ = id;
        draw(false);
    }
}

void TerminalReporter::activity_finished(ActivityId id, std::string_view outcome) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = activities_.find(id);
    if (found == activities_.end()) {
        return;
    }
    const State state = std::move(found->second);
    activities_.erase(found);
    if (focus_ == id) {
        const bool has_parent = activities_.contains(state.parent);
        focus_ = activities_.empty() ? 0 : activities_.rbegin()->first;
        focus_ = has_parent ? state.parent : focus_;
    }
    if (state.parent != 0 || options_.quiet) {
        draw(activities_.empty());
        return;
    }
    lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
    const std::string_view ending = outcome.empty() ? "done" : outcome;
    print(fmt::format("{}: {}\n", paint(bold, state.title), printable(ending)));
}

void TerminalReporter::step_output(std::string_view step, std::string_view bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (options_.verbose && !options_.quiet) {
        lines_.feed(step, bytes, [this](auto name, auto line) { print_step_line(name, line); });
    }
}

void TerminalReporter::diagnostic(const Diagnostic& diagnostic) noexcept {
    const std::lock_guard lock(mutex_);
    print(render(diagnostic, {.colour = options_.colour, .width = options_.width}));
}

void TerminalReporter::note(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    if (!options_.quiet) {
        print(printable(text, true) + "\n");
    }
}

void TerminalReporter::warning(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    print(fmt::format("{} {}\n", paint(magenta, "warning:"), printable(text, true)));
}

/// Puts lines above the status line, in one write so that nothing flickers.
void TerminalReporter::print(std::string_view lines) {
    const std::string status = status_line();
    std::string text(has_status_ ? clear_line : "");
    text += lines;
    text += status;
    has_status_ = !status.empty();
    last_draw_ = clock_();
    std::ignore = write_all(fd_, text);
}

void TerminalReporter::print_step_line(std::string_view step, std::string_view line) {
    const std::string_view reset = options_.colour ? "\x1b[0m" : "";
    const auto name = paint(dim, fmt::format("[{}]", printable(step)));
    print(fmt::format("{} {}{}\n", name, strip_escapes(line, options_.colour), reset));
}

void TerminalReporter::draw(bool is_urgent) {
    const auto now = clock_();
    if (!is_urgent && has_status_ && now - last_draw_ < draw_interval) {
        return;
    }
    const std::string status = status_line();
    if (status.empty() && !has_status_) {
        return;
    }
    has_status_ = !status.empty();
    last_draw_ = now;
    std::ignore = write_all(fd_, std::string(clear_line) + status);
}

std::string TerminalReporter::status_line() const {
    if (options_.quiet || !activities_.contains(focus_)) {
        return {};
    }
    std::string text;
    for (ActivityId id = focus_; activities_.contains(id); id = activities_.at(id).parent) {
        const State& state = activities_.at(id);
        text = text.empty() ? state.title : fmt::format("{} > {}", state.title, text);
    }
    const std::string& progress = activities_.at(focus_).progress;
    if (!progress.empty()) {
        text += "  " + progress;
    }
    // The last column stays free: some terminals wrap as soon as it is used.
    return elide_middle(text, options_.width > 1 ? options_.width - 1 : 1);
}

std::string TerminalReporter::paint(std::string_view code, std::string_view text) const {
    return options_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace quern
