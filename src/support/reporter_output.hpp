// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace quern {

/// What the reporters that write to a descriptor are told by the command line.
struct ReporterOptions {
    bool verbose = false;    ///< show the output of steps
    bool quiet = false;      ///< diagnostics and warnings only
    bool colour = false;     ///< ignored where there is none
    std::size_t width = 80;  ///< columns of the terminal
};

/// `text` without terminal escape sequences and control characters, tabs and newlines kept. With
/// `keep_colour` the sequences that set colours and weights stay; a guest can make text red with
/// them, but move nothing.
std::string strip_escapes(std::string_view text, bool keep_colour);

/// At most `width` code points of `text`, with "..." in the middle in place of the rest.
std::string elide_middle(std::string_view text, std::size_t width);

/// "45% 1.2/3.4 MiB", "3/10 packages", "1.2 MiB" while the total is unknown.
std::string describe_progress(std::uint64_t done, std::uint64_t total, std::string_view unit);

/// Cuts the output of steps, which comes in pieces, into whole lines. A line of more than 8 KiB is
/// passed on in parts.
class StepLines {
 public:
    using Line = std::function<void(std::string_view step, std::string_view line)>;

    void feed(std::string_view step, std::string_view bytes, const Line& line);
    /// Passes on what has no newline yet.
    void flush(const Line& line);

 private:
    std::map<std::string, std::string, std::less<>> partial_;
};

}  // namespace quern
