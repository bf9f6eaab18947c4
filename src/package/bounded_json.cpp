// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/bounded_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::package {
namespace {

/// How many arrays and objects stand open at once, at most. Wrong for a text that is no JSON.
std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool is_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_string) {
            i += c == '\\' ? 1U : 0U;
            is_string = c != '"';
        } else if (c == '"') {
            is_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            depth -= std::min<std::size_t>(depth, 1);
        }
    }
    return deepest;
}

}  // namespace

Result<nlohmann::ordered_json> parse_bounded_json(std::string_view text, std::string_view what) {
    if (text.size() > longest_json) {
        return Error(
            ErrorCode::limit, fmt::format("{} has more than {} bytes", what, longest_json)
        );
    }
    if (depth_of(text) > deepest_json) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("{} is nested deeper than {} levels", what, deepest_json)
        );
    }
    auto json = nlohmann::ordered_json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        return Error(ErrorCode::invalid_data, fmt::format("{} is no JSON", what));
    }
    return json;
}

}  // namespace quern::package
