// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// What the values in `.PKGINFO` and APKINDEX may be. Names, versions and architectures become
/// parts of paths: none of them can hold '/' or be "." or "..".

/// A version that can be part of a file name: `[0-9A-Za-z][0-9A-Za-z._+~-]*`, at most 255 bytes.
/// Packages in use have versions that the grammar refuses ("0.99f7-r1" in Alpine 3.17), so reading
/// asks for no more than this.
bool is_path_safe_version(std::string_view text);
/// `[a-zA-Z0-9_.-]+` that does not start with '.', at most 64 bytes.
bool is_architecture_name(std::string_view text);
/// A file name of a public key: no '/', no control character, not empty, "." or "..", at most 255
/// bytes.
bool is_key_file_name(std::string_view text);

/// True for NUL, escapes and every other control character but tab.
bool has_control_character(std::string_view text);
/// Runs of white space that hold a line break or tab become one space; the ends are trimmed of
/// them.
std::string fold_lines(std::string_view text);

/// Calls `take` with each word of a list that is separated by spaces, without empty ones.
template <typename Take>
void for_each_word(std::string_view text, const Take& take) {
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!word.empty()) {
            take(word);
        }
    }
}
/// Words separated by spaces, without empty ones. One allocation for the list.
std::vector<std::string> split_relations(std::string_view text);
/// An identity, "Q1" + base64 or "X1" + hex of a SHA-1, in the first form. Empty for a kind that is
/// not known, nothing if it is damaged.
std::optional<std::string> parse_checksum(std::string_view text);
/// Whether `parse_checksum` has an answer, without making it.
bool is_checksum(std::string_view text);

}  // namespace quern::apk
