// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace quern::image {

using Json = nlohmann::ordered_json;

/// JSON as Go's encoder writes it by default: `<`, `>` and `&` escaped, so that a page may hold it.
/// `indent` < 0: on one line. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(const Json& json, int indent = -1);

}  // namespace quern::image
