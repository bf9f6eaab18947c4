// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/source_file.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

enum class Severity { error, warning };

/// A further place that explains a diagnostic: "first defined here".
struct Note {
    std::string message;
    Span where;
};

/// A message about a place in a user's file.
struct Diagnostic {
    Severity severity = Severity::error;
    std::string id;           ///< stable, kebab-case: "unknown-pipeline"
    std::string message;      ///< lower case, no full stop, the offending text in quotes
    Span where;               ///< the narrowest range that is wrong; no file = the whole run
    std::vector<Note> notes;  ///< in reading order
    std::string help;         ///< what to do: "did you mean 'fetch'?"; may be empty
};

/// Collects diagnostics. Keeps those from different files apart by the order in which files were
/// first seen.
class Diagnostics {
 public:
    void add(Diagnostic diagnostic);
    /// Shorthands for the common case.
    void error(std::string_view id, std::string message, Span where, std::string help = {});
    void warning(std::string_view id, std::string message, Span where, std::string help = {});

    bool has_errors() const { return error_count_ != 0; }
    std::size_t error_count() const { return error_count_; }
    bool is_empty() const { return diagnostics_.empty(); }

    /// All of them, sorted by file, offset, severity and message, without duplicates; the collector
    /// is empty afterwards.
    std::vector<Diagnostic> take();

    /// Holds on to a file for as long as this collector lives, for who finds a file wrong and gives
    /// up: the spans of its diagnostics point into it.
    void keep(std::shared_ptr<const SourceFile> file) { kept_.push_back(std::move(file)); }

 private:
    std::vector<std::shared_ptr<const SourceFile>> kept_;
    std::vector<Diagnostic> diagnostics_;
    std::size_t error_count_ = 0;
};

/// How a diagnostic is printed.
struct RenderOptions {
    bool colour = false;
    std::size_t width = 100;  ///< columns; longer source lines are cut around the span
};

/// `name:line:column: error: message [id]`, the line with a caret, the notes and the help. Ends
/// with a newline. No I/O.
std::string render(const Diagnostic& diagnostic, const RenderOptions& options);

/// One JSON object on one line: severity, id, message, file, line, column, end_line, end_column,
/// notes, help. Ends with a newline.
std::string render_json(const Diagnostic& diagnostic);

}  // namespace quern
