// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

std::string_view trim(std::string_view text);  ///< space, tab, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);  ///< keeps empty parts
std::vector<std::string_view> split_words(std::string_view text);  ///< by runs of white space
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
std::string to_lower(std::string_view text);  ///< ASCII only
/// Decimal digits only, the whole text, no overflow; else nothing.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
std::optional<std::int64_t> parse_signed(std::string_view text);
bool is_valid_utf8(std::string_view text);

/// Optimal string alignment distance, bounded: more than `limit` gives `limit + 1`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);
/// The candidate that `word` was most likely meant to be; empty if none is near. Ties go to the
/// first in byte order.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// `text` for a terminal or a message: control characters, escapes and bytes that are not UTF-8
/// become `\x1b` and the like. Newline and tab stay if `keep_lines`.
std::string printable(std::string_view text, bool keep_lines = false);
/// One word of POSIX shell: as it is if it needs no quotes, else in single quotes.
std::string shell_quote(std::string_view word);
std::string human_size(std::uint64_t bytes);  ///< "1.4 MiB"
/// A URL without user name and password, and without the values of its query.
std::string redact_url(std::string_view url);

}  // namespace quern
