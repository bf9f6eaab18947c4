// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/text_diff.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quern::package {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t most_lines = 4'096;
constexpr std::size_t context_lines = 3;

struct Edit {
    char kind = ' ';  ///< ' ' in both, '-' before only, '+' after only
    std::string_view line;
};

Lines lines_of(std::string_view text) {
    Lines lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    return lines;
}

/// Lengths of the longest common subsequences of all ends of the two texts.
std::vector<std::uint16_t> common_lengths(const Lines& before, const Lines& after) {
    const std::size_t width = after.size() + 1;
    std::vector<std::uint16_t> lengths((before.size() + 1) * width, 0);
    for (std::size_t i = before.size(); i-- > 0;) {
        for (std::size_t j = after.size(); j-- > 0;) {
            lengths[i * width + j] =
                before[i] == after[j]
                    ? static_cast<std::uint16_t>(lengths[(i + 1) * width + j + 1] + 1)
                    : std::max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
        }
    }
    return lengths;
}

std::vector<Edit> edits_of(const Lines& before, const Lines& after) {
    std::vector<Edit> edits;
    std::size_t i = 0;
    std::size_t j = 0;
    if (before.size() <= most_lines && after.size() <= most_lines) {
        const std::vector<std::uint16_t> lengths = common_lengths(before, after);
        const std::size_t width = after.size() + 1;
        while (i < before.size() && j < after.size()) {
            if (before[i] == after[j]) {
                edits.push_back({' ', before[i]});
                ++i;
                ++j;
            } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
                edits.push_back({'-', before[i++]});
            } else {
                edits.push_back({'+', after[j++]});
            }
        }
    }
    for (; i < before.size(); ++i) {
        edits.push_back({'-', before[i]});
    }
    for (; j < after.size(); ++j) {
        edits.push_back({'+', after[j]});
    }
    return edits;
}

/// The end of the hunk that begins at `start`: changes no further apart than twice the context.
std::size_t hunk_end(const std::vector<Edit>& edits, std::size_t start) {
    std::size_t last_change = start;
    for (std::size_t i = start; i < edits.size() && i - last_change <= 2 * context_lines; ++i) {
        last_change = edits[i].kind == ' ' ? last_change : i;
    }
    return std::min(edits.size(), last_change + context_lines + 1);
}

/// Counts of lines in `edits[begin, end)` that are in the text of `kind`.
std::size_t count_lines(
    const std::vector<Edit>& edits, std::size_t begin, std::size_t end, char kind
) {
    return static_cast<std::size_t>(std::count_if(
        edits.begin() + static_cast<std::ptrdiff_t>(begin),
        edits.begin() + static_cast<std::ptrdiff_t>(end),
        [&](const Edit& edit) { return edit.kind == ' ' || edit.kind == kind; }
    ));
}

}  // namespace

std::string unified_diff(
    std::string_view before,
    std::string_view after,
    std::string_view before_label,
    std::string_view after_label
) {
    if (before == after) {
        return {};
    }
    const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
    std::string text = fmt::format("--- {}\n+++ {}\n", before_label, after_label);
    std::size_t done = 0;
    while (done < edits.size()) {
        std::size_t change = done;
        while (change < edits.size() && edits[change].kind == ' ') {
            ++change;
        }
        if (change == edits.size()) {
            break;
        }
        const std::size_t begin = std::max(done, change - std::min(change, context_lines));
        const std::size_t end = hunk_end(edits, change);
        const auto range = [&](char kind) {
            const std::size_t count = count_lines(edits, begin, end, kind);
            return fmt::format(
                "{},{}", count_lines(edits, 0, begin, kind) + (count == 0 ? 0 : 1), count
            );
        };
        text += fmt::format("@@ -{} +{} @@\n", range('-'), range('+'));
        for (std::size_t i = begin; i < end; ++i) {
            text += fmt::format("{}{}\n", edits[i].kind, edits[i].line);
        }
        done = end;
    }
    return text;
}

}  // namespace quern::package
