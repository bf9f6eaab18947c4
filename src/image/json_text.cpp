// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/json_text.hpp"

#include "support/text.hpp"

namespace quern::image {

// The three letters stand in texts only: JSON's own syntax has none of them.
std::string json_text(const Json& json, int indent) {
    std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
    text = replace_all(std::move(text), "&", "\\u0026");
    text = replace_all(std::move(text), "<", "\\u003c");
    return replace_all(std::move(text), ">", "\\u003e");
}

}  // namespace quern::image
