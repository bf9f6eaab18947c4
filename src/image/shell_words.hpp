// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// Splits a text as a POSIX shell splits a simple command: white space, quotes, backslashes, and a
/// comment from a `#` that starts a word. Nothing is expanded. Nothing if a quote stays open.
/// Source: POSIX.1-2017 XCU 2.2, 2.3.
std::optional<std::vector<std::string>> split_shell_words(std::string_view text);

}  // namespace quern::image
