// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// A snippet is made of cells: one for each code point of the part of the line that can be seen. A
// cell knows how it is shown, how many columns that takes and whether it is in the span; the line
// and the line of carets are then the same walk over the cells.
#include "quern/diagnostic.hpp"

#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <tuple>

namespace quern {

namespace {

constexpr std::size_t gutter_columns = 8;  // "    4 | "
constexpr std::size_t least_text_columns = 24;
constexpr std::string_view ellipsis = "...";

/// Of one recipe. A place far down a line costs a walk over the line, and nobody reads so many.
constexpr std::size_t max_errors = 1000;
/// Errors and warnings: no more warnings are kept.
constexpr std::size_t max_diagnostics = 2000;

struct Cell {
    std::string text;
    std::size_t columns = 1;
    bool is_marked = false;
};

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Bytes of the character at the start of `text`: a well-formed UTF-8 sequence or a single byte.
std::size_t character_length(std::string_view text) {
    std::size_t length = 1;
    while (length < 4 && length < text.size() && is_continuation(text[length])) {
        ++length;
    }
    return length > 1 && is_valid_utf8(text.substr(0, length)) ? length : 1;
}

Cell make_cell(std::string_view character, bool is_marked) {
    if (character == "\t") {
        return {.text = "\t", .columns = 1, .is_marked = is_marked};
    }
    std::string shown = printable(character);
    const std::size_t columns = shown == character ? 1 : shown.size();
    return {.text = std::move(shown), .columns = columns, .is_marked = is_marked};
}

/// What is seen of a source line, and whether something was cut off at its ends.
struct Snippet {
    std::vector<Cell> cells;
    bool is_cut_before = false;
    bool is_cut_after = false;
};

/// Cells of `line` near bytes `begin` to `end`: never more than a few widths of text, however long
/// the line is.
Snippet make_cells(std::string_view line, std::size_t begin, std::size_t end, std::size_t columns) {
    const std::size_t reach = 4 * columns;
    std::size_t first = begin > reach ? begin - reach : 0;
    while (first > 0 && first < begin && is_continuation(line[first])) {
        ++first;
    }
    const std::size_t last = std::min(line.size(), begin + reach);
    Snippet snippet{.cells = {}, .is_cut_before = first > 0, .is_cut_after = last < line.size()};
    for (std::size_t i = first; i < last;) {
        const std::size_t length = character_length(line.substr(i));
        const bool is_marked = i + length > begin && i < std::max(end, begin + 1);
        snippet.cells.push_back(make_cell(line.substr(i, length), is_marked));
        i += length;
    }
    return snippet;
}

std::size_t columns_of(const std::vector<Cell>& cells, std::size_t first, std::size_t last) {
    std::size_t columns = 0;
    for (std::size_t i = first; i < last; ++i) {
        columns += cells[i].columns;
    }
    return columns;
}

/// Drops cells at both ends until the rest and its ellipses fit, keeping the start of the span and
/// what follows it in sight.
Snippet cut_to(Snippet snippet, std::size_t columns) {
    auto& cells = snippet.cells;
    const std::size_t total = columns_of(cells, 0, cells.size());
    if (total <= columns && !snippet.is_cut_before && !snippet.is_cut_after) {
        return snippet;
    }
    const auto marked =
        std::find_if(cells.begin(), cells.end(), [](const Cell& cell) { return cell.is_marked; });
    const auto mark = static_cast<std::size_t>(marked - cells.begin());
    const std::size_t room = columns - 2 * ellipsis.size();
    std::size_t first = mark;
    for (std::size_t before = 0; first > 0 && before + cells[first - 1].columns <= room / 3;
         --first) {
        before += cells[first - 1].columns;
    }
    std::size_t last = first;
    for (std::size_t used = 0; last < cells.size() && used + cells[last].columns <= room; ++last) {
        used += cells[last].columns;
    }
    // A span near the end leaves room on the right: show more of what is before it.
    for (std::size_t used = columns_of(cells, first, last);
         last == cells.size() && first > 0 && used + cells[first - 1].columns <= room;
         --first) {
        used += cells[first - 1].columns;
    }
    snippet.is_cut_before |= first > 0;
    snippet.is_cut_after |= last < cells.size();
    cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(last), cells.end());
    cells.erase(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(first));
    return snippet;
}

std::string caret_line(const Snippet& snippet) {
    std::string carets(snippet.is_cut_before ? ellipsis.size() : 0, ' ');
    bool has_begun = false;
    for (const Cell& cell : snippet.cells) {
        if (cell.is_marked) {
            carets += has_begun ? "~" : "^";
            carets.append(cell.columns - 1, '~');
            has_begun = true;
        } else if (has_begun) {
            break;
        } else if (cell.text == "\t") {
            carets += '\t';
        } else {
            carets.append(cell.columns, ' ');
        }
    }
    return has_begun ? carets : carets + '^';  // the end of the line, or an empty span
}

class Painter {
 public:
    explicit Painter(bool colour) : colour_(colour) {}
    std::string operator()(std::string_view code, std::string_view text) const {
        return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
    }

 private:
    bool colour_;
};

constexpr std::string_view bold = "1";
constexpr std::string_view red = "1;31";
constexpr std::string_view magenta = "1;35";
constexpr std::string_view cyan = "1;36";
constexpr std::string_view green = "1;32";

std::string render_place(const Span& where) {
    if (where.file == nullptr) {
        return {};
    }
    const Position position = where.file->position(where.begin);
    return fmt::format("{}:{}:{}: ", printable(where.file->name()), position.line, position.column);
}

std::string render_snippet(const Span& where, const RenderOptions& options) {
    if (where.file == nullptr) {
        return {};
    }
    const std::uint32_t number = where.file->position(where.begin).line;
    const std::string_view line = where.file->line(number);
    const std::size_t start = where.file->line_start(number);
    const std::size_t begin = std::min(where.begin - std::min(start, where.begin), line.size());
    const std::size_t end = begin + std::min(where.length, line.size() - begin);
    const std::size_t columns =
        std::max(options.width, gutter_columns + least_text_columns) - gutter_columns;
    const Snippet snippet = cut_to(make_cells(line, begin, end, columns), columns);
    std::string text;
    for (const Cell& cell : snippet.cells) {
        text += cell.text;
    }
    const Painter paint(options.colour);
    return fmt::format(
        "{:>5} | {}{}{}\n      | {}\n",
        number,
        snippet.is_cut_before ? ellipsis : "",
        text,
        snippet.is_cut_after ? ellipsis : "",
        paint(green, caret_line(snippet))
    );
}

nlohmann::ordered_json place_to_json(const Span& where) {
    nlohmann::ordered_json json = {
        {"file", nullptr},
        {"line", nullptr},
        {"column", nullptr},
        {"end_line", nullptr},
        {"end_column", nullptr}};
    if (where.file != nullptr) {
        const Position begin = where.file->position(where.begin);
        const Position end = where.file->position(where.begin + where.length);
        json["file"] = where.file->name();
        json["line"] = begin.line;
        json["column"] = begin.column;
        json["end_line"] = end.line;
        json["end_column"] = end.column;
    }
    return json;
}

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
    const bool is_error = diagnostic.severity == Severity::error;
    error_count_ += is_error ? 1 : 0;
    if (is_error && error_count_ == max_errors + 1) {
        diagnostics_.push_back(
            {.severity = Severity::error,
             .id = "diagnostic-limit",
             .message = fmt::format("over {} errors: the rest is not told", max_errors),
             .where = diagnostic.where,
             .notes = {},
             .help = {}}
        );
    } else if (is_error ? error_count_ <= max_errors : diagnostics_.size() < max_diagnostics) {
        diagnostics_.push_back(std::move(diagnostic));
    }
}

void Diagnostics::error(std::string_view id, std::string message, Span where, std::string help) {
    add(
        {.severity = Severity::error,
         .id = std::string(id),
         .message = std::move(message),
         .where = where,
         .notes = {},
         .help = std::move(help)}
    );
}

void Diagnostics::warning(std::string_view id, std::string message, Span where, std::string help) {
    add(
        {.severity = Severity::warning,
         .id = std::string(id),
         .message = std::move(message),
         .where = where,
         .notes = {},
         .help = std::move(help)}
    );
}

std::vector<Diagnostic> Diagnostics::take() {
    std::map<const SourceFile*, std::size_t> order;
    for (const Diagnostic& diagnostic : diagnostics_) {
        order.emplace(diagnostic.where.file, order.size());
    }
    const auto key = [&](const Diagnostic& d) {
        return std::tie(
            order[d.where.file], d.where.begin, d.severity, d.message, d.id, d.where.length
        );
    };
    std::vector<Diagnostic> all = std::exchange(diagnostics_, {});
    error_count_ = 0;
    std::stable_sort(all.begin(), all.end(), [&](const Diagnostic& a, const Diagnostic& b) {
        return key(a) < key(b);
    });
    const auto end =
        std::unique(all.begin(), all.end(), [&](const Diagnostic& a, const Diagnostic& b) {
            return key(a) == key(b);
        });
    all.erase(end, all.end());
    return all;
}

std::string render(const Diagnostic& diagnostic, const RenderOptions& options) {
    const Painter paint(options.colour);
    const bool is_error = diagnostic.severity == Severity::error;
    std::string text = fmt::format(
        "{}{} {}",
        paint(bold, render_place(diagnostic.where)),
        is_error ? paint(red, "error:") : paint(magenta, "warning:"),
        paint(bold, printable(diagnostic.message))
    );
    text += diagnostic.id.empty() ? "\n" : fmt::format(" [{}]\n", diagnostic.id);
    text += render_snippet(diagnostic.where, options);
    for (const Note& note : diagnostic.notes) {
        text += paint(bold, render_place(note.where));
        text += fmt::format("{} {}\n", paint(cyan, "note:"), printable(note.message));
        text += render_snippet(note.where, options);
    }
    if (!diagnostic.help.empty()) {
        const std::string help = replace_all(printable(diagnostic.help, true), "\n", "\n        ");
        text += fmt::format("  {} {}\n", paint(cyan, "help:"), help);
    }
    return text;
}

std::string render_json(const Diagnostic& diagnostic) {
    nlohmann::ordered_json json = {
        {"severity", diagnostic.severity == Severity::error ? "error" : "warning"},
        {"id", diagnostic.id},
        {"message", diagnostic.message}};
    json.update(place_to_json(diagnostic.where));
    json["notes"] = nlohmann::ordered_json::array();
    for (const Note& note : diagnostic.notes) {
        nlohmann::ordered_json item = {{"message", note.message}};
        item.update(place_to_json(note.where));
        json["notes"].push_back(std::move(item));
    }
    json["help"] = diagnostic.help;
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace quern
