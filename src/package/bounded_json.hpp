// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string_view>

namespace quern::package {

/// Statements of environments with ten thousand packages have less than half of it.
inline constexpr std::size_t longest_json = std::size_t{8} << 20U;  ///< bytes
inline constexpr std::size_t deepest_json = 32;                     ///< arrays and objects

/// Parses JSON that somebody else wrote. `what` names it in messages: "the envelope". Errors:
/// invalid_data (no JSON, not UTF-8, nested too deep), limit (too long).
Result<nlohmann::ordered_json> parse_bounded_json(std::string_view text, std::string_view what);

}  // namespace quern::package
