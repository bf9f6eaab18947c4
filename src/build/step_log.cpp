// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/step_log.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::build {
namespace {

constexpr std::size_t kept_lines = 40;
constexpr std::size_t kept_line_bytes = 4096;

std::uint64_t end_of(int fd) {
    const off_t end = ::lseek(fd, 0, SEEK_CUR);
    return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

std::string shown(std::string_view line) {
    return fmt::format("{}{}\n", kept_line_prefix, printable(line));
}

}  // namespace

Result<StepLog> StepLog::create(const std::filesystem::path& path, Reporter& reporter) {
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file) {
        return Error::system(errno, fmt::format("opening the log {}", path.string()));
    }
    return StepLog(std::move(file), path, reporter);
}

void StepLog::write_heading(std::string_view text) {
    std::ignore = write_all(
        file_.get(), fmt::format("== {}\n", text)
    );  // a full disk must not fail the build's last words
    heading_end_ = end_of(file_.get());
    if (!unfinished_.empty()) {
        keep_line();
    }
    own_lines_ = 0;
}

FileRange StepLog::since_heading() const {
    return {file_.get(), heading_end_, end_of(file_.get())};
}

void StepLog::repeat(const std::filesystem::path& output) {
    const UniqueFd file(::open(output.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::array<char, std::size_t{64} << 10U> buffer = {};
    while (file) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count <= 0) {
            return;
        }
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
        std::ignore = write_all(file_.get(), bytes);  // as above
        remember(bytes);
    }
}

std::string StepLog::masked(std::string text) const {
    for (const std::string& secret : hidden_) {
        text = replace_all(std::move(text), secret, "***");
    }
    return text;
}

void StepLog::write(std::string_view step, std::string_view bytes) {
    if (hidden_.empty()) {
        pass_on(step, bytes);
        return;
    }
    // A secret may come in two pieces; lines end it, and so does a line without an end.
    constexpr std::size_t most_held = std::size_t{64} << 10U;
    held_.append(bytes);
    const std::size_t end = held_.size() > most_held ? held_.size() : held_.rfind('\n') + 1;
    if (end != 0) {
        pass_on(step, masked(held_.substr(0, end)));
        held_.erase(0, end);
    }
}

void StepLog::flush(std::string_view step) {
    if (!held_.empty()) {
        pass_on(step, masked(std::exchange(held_, {})));
    }
}

void StepLog::pass_on(std::string_view step, std::string_view bytes) {
    std::ignore = write_all(file_.get(), bytes);  // as above
    reporter_->step_output(step, bytes);
    remember(bytes);
}

void StepLog::remember(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        unfinished_.append(
            part.substr(0, kept_line_bytes - std::min(unfinished_.size(), kept_line_bytes))
        );
        if (end == std::string_view::npos) {
            return;
        }
        keep_line();
        bytes.remove_prefix(end + 1);
    }
}

void StepLog::keep_line() {
    lines_.push_back(std::exchange(unfinished_, {}));
    own_lines_ = std::min(own_lines_ + 1, kept_lines);
    if (lines_.size() > kept_lines) {
        lines_.pop_front();
    }
}

std::string StepLog::last_lines() const {
    std::string text;
    for (std::size_t i = lines_.size() - own_lines_; i < lines_.size(); ++i) {
        text += shown(lines_[i]);
    }
    return unfinished_.empty() ? text : text + shown(unfinished_);
}

std::string StepLog::earlier_lines() const {
    std::string text;
    for (std::size_t i = 0; i < lines_.size() - own_lines_; ++i) {
        text += shown(lines_[i]);
    }
    return text;
}

}  // namespace quern::build
