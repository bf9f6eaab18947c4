// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/reporter.hpp"
#include "support/handle.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::build {

/// In front of each line of `StepLog::last_lines`.
inline constexpr std::string_view kept_line_prefix = "  | ";

/// Some bytes of a file that is open for reading.
struct FileRange {
    int fd = -1;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// Takes what steps print: all of it goes to a file and to the reporter, the last lines are kept
/// for the message of a failure: those of the running step apart from earlier ones. Memory is
/// bounded.
class StepLog {
 public:
    /// Truncates the file; its directory is made if missing.
    static Result<StepLog> create(const std::filesystem::path& path, Reporter& reporter);

    /// A line of our own in the file: "running step 'configure'". What came before is of other
    /// steps.
    void write_heading(std::string_view text);
    /// What was written since the last heading; valid for as long as this lives.
    FileRange since_heading() const;
    /// Takes up what a step printed in an earlier run: into the file, but past the reporter,
    /// who has seen it. A file that cannot be opened is passed over.
    void repeat(const std::filesystem::path& output);
    void write(std::string_view step, std::string_view bytes);
    /// Texts that come out as "***" from now on, in the file too. Lines are then passed on whole.
    void hide(std::vector<std::string> texts) { hidden_ = std::move(texts); }
    /// Passes on what is held back of an unfinished line.
    void flush(std::string_view step);
    /// Lines that were printed last since the last heading, oldest first, safe for a terminal.
    std::string last_lines() const;
    /// What earlier steps printed last, as far as the running one leaves room among the kept lines.
    std::string earlier_lines() const;
    const std::filesystem::path& path() const { return path_; }

 private:
    StepLog(UniqueFd file, std::filesystem::path path, Reporter& reporter)
        : file_(std::move(file)), path_(std::move(path)), reporter_(&reporter) {}
    UniqueFd file_;
    std::filesystem::path path_;
    void pass_on(std::string_view step, std::string_view bytes);
    void remember(std::string_view bytes);
    void keep_line();
    std::string masked(std::string text) const;
    Reporter* reporter_;
    std::vector<std::string> hidden_;
    std::uint64_t heading_end_ = 0;
    std::string held_;  ///< of a line whose end has not come, where something is hidden
    std::deque<std::string> lines_;
    std::size_t own_lines_ = 0;  ///< how many of them came since the last heading
    std::string unfinished_;
};

}  // namespace quern::build
