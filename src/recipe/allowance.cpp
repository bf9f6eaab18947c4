// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/allowance.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace quern::recipe {

namespace {

constexpr std::string_view mark = "# quern:";

struct Allowance {
    std::vector<std::string_view> ids;
    std::string_view reason;
    bool for_file = false;
    std::uint32_t line = 0;  ///< that it is for
    Span where;
    bool is_used = false;
};

/// "allow a, b - reason"
std::optional<Allowance> parse_comment(std::string_view text) {
    Allowance allowance;
    text = trim(text);
    const std::size_t word_end = std::min(text.find_first_of(" \t"), text.size());
    const std::string_view word = text.substr(0, word_end);
    allowance.for_file = word == "allow-file";
    if (!allowance.for_file && word != "allow") {
        return std::nullopt;
    }
    text = text.substr(word_end);
    const std::size_t dash = text.find(" - ");
    if (dash != std::string_view::npos) {
        allowance.reason = trim(text.substr(dash + 3));
        text = text.substr(0, dash);
    }
    for (const std::string_view id : split(text, ',')) {
        if (!trim(id).empty()) {
            allowance.ids.push_back(trim(id));
        }
    }
    return allowance;
}

bool is_blank_or_comment(std::string_view line) {
    const std::string_view words = trim(line);
    return words.empty() || words.front() == '#';
}

std::vector<Allowance> read_allowances(const SourceFile& file) {
    std::vector<Allowance> allowances;
    if (file.text().find(mark) == std::string_view::npos) {
        return allowances;
    }
    for (std::uint32_t number = 1; number <= file.line_count(); ++number) {
        const std::string_view line = file.line(number);
        const std::size_t at = line.find(mark);
        if (at == std::string_view::npos) {
            continue;
        }
        auto allowance = parse_comment(line.substr(at + mark.size()));
        if (!allowance) {
            continue;
        }
        allowance->where = {&file, file.line_start(number) + at, trim(line.substr(at)).size()};
        allowance->line = number;
        if (is_blank_or_comment(line)) {
            while (allowance->line < file.line_count() &&
                   is_blank_or_comment(file.line(allowance->line))) {
                ++allowance->line;
            }
        }
        allowances.push_back(std::move(*allowance));
    }
    return allowances;
}

class AllowanceBook {
 public:
    bool allows(const Diagnostic& diagnostic) {
        if (diagnostic.severity != Severity::warning || diagnostic.where.file == nullptr) {
            return false;
        }
        bool allowed = false;
        const std::uint32_t line = diagnostic.where.file->position(diagnostic.where.begin).line;
        for (Allowance& allowance : of(*diagnostic.where.file)) {
            const bool names_it =
                std::find(allowance.ids.begin(), allowance.ids.end(), diagnostic.id) !=
                allowance.ids.end();
            if (names_it && !allowance.reason.empty() &&
                (allowance.for_file || allowance.line == line)) {
                allowance.is_used = true;
                allowed = true;
            }
        }
        return allowed;
    }

    std::vector<Allowance>& of(const SourceFile& file) {
        const auto found = books_.find(&file);
        return found != books_.end() ? found->second
                                     : books_.emplace(&file, read_allowances(file)).first->second;
    }

 private:
    std::map<const SourceFile*, std::vector<Allowance>> books_;
};

void report_useless(const std::vector<Allowance>& allowances, Diagnostics& diagnostics) {
    for (const Allowance& allowance : allowances) {
        if (allowance.ids.empty() || allowance.reason.empty()) {
            diagnostics.warning(
                "bad-allowance",
                allowance.ids.empty() ? "this comment allows nothing"
                                      : "this comment gives no reason, and is not heard",
                allowance.where,
                "write '# quern: allow ID - reason'"
            );
        } else if (!allowance.is_used) {
            diagnostics.warning(
                "unused-allowance",
                "there is no such warning here",
                allowance.where,
                "take the comment out; errors cannot be allowed"
            );
        }
    }
}

}  // namespace

std::vector<Diagnostic> without_allowed(
    std::vector<Diagnostic> diagnostics, const SourceFile& recipe
) {
    AllowanceBook book;
    Diagnostics left;  // sorts
    for (Diagnostic& diagnostic : diagnostics) {
        if (!book.allows(diagnostic)) {
            left.add(std::move(diagnostic));
        }
    }
    report_useless(book.of(recipe), left);
    return left.take();
}

}  // namespace quern::recipe
