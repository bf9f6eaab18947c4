// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/plain_reporter.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <tuple>

namespace quern {

PlainReporter::PlainReporter(int fd, const ReporterOptions& options) : fd_(fd), options_(options) {}

PlainReporter::~PlainReporter() {
    lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
}

void PlainReporter::activity_started(
    ActivityId id, ActivityId parent, std::string_view title
) noexcept {
    const std::lock_guard lock(mutex_);
    if (parent == 0 && !options_.quiet) {
        const auto text = printable(title);
        titles_.emplace(id, text);
        print(text + "...\n");
    }
}

void PlainReporter::activity_progress(
    ActivityId /*id*/, std::uint64_t /*done*/, std::uint64_t /*total*/, std::string_view /*unit*/
) noexcept {}

void PlainReporter::activity_finished(ActivityId id, std::string_view outcome) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = titles_.find(id);
    if (found == titles_.end()) {
        return;
    }
    lines_.flush([this](auto step, auto line) { print_step_line(step, line); });
    const std::string_view ending = outcome.empty() ? "done" : outcome;
    print(fmt::format("{}: {}\n", found->second, printable(ending)));
    titles_.erase(found);
}

void PlainReporter::step_output(std::string_view step, std::string_view bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (options_.verbose && !options_.quiet) {
        lines_.feed(step, bytes, [this](auto name, auto line) { print_step_line(name, line); });
    }
}

void PlainReporter::diagnostic(const Diagnostic& diagnostic) noexcept {
    const std::lock_guard lock(mutex_);
    print(render(diagnostic, {.colour = false, .width = options_.width}));
}

void PlainReporter::note(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    if (!options_.quiet) {
        print(printable(text, true) + "\n");
    }
}

void PlainReporter::warning(std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    print(fmt::format("warning: {}\n", printable(text, true)));
}

void PlainReporter::print(std::string_view lines) {
    std::ignore = write_all(fd_, lines);  // a closed pipe is no error of ours
}

void PlainReporter::print_step_line(std::string_view step, std::string_view line) {
    print(fmt::format("[{}] {}\n", printable(step), strip_escapes(line, false)));
}

}  // namespace quern
