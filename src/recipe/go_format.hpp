// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "recipe/template_value.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// Values as text by the rules of Go's package fmt.
/// Source: Go documentation, package fmt (Printing), and package strconv (Quote).
namespace quern::recipe::go {

/// Texts never grow past this many bytes. Errors of the functions below: limit.
constexpr std::size_t max_print_bytes = 16 * 1024 * 1024;

/// As `%v`: a list is [a b], a map map[k:v] in the order of keys, a struct {a b}, a pointer in a
/// struct &{…} (where Go prints an address), a length of time 1h30m0s.
Result<std::string> print(const Value& value);
/// As Sprint: a space between operands of which neither is a text.
Result<std::string> print(std::span<const Value> values);
/// As Sprintln: spaces between all, and a line end.
Result<std::string> println(std::span<const Value> values);
/// As Sprintf. Wrong verbs and counts of operands are told in the result, as Go does. Errors:
/// unsupported (`%p`, `%#v` of what is not a text, number or truth value).
Result<std::string> printf(std::string_view format, std::span<const Value> values);

/// In double quotes, with Go's escapes.
std::string quote(std::string_view text);

/// Reads one code point; a byte that is not UTF-8 is U+FFFD of length 1.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;
};
CodePoint code_point_at(std::string_view text, std::size_t offset);
void append_utf8(std::string& out, char32_t value);

}  // namespace quern::recipe::go
