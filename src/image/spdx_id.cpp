// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/spdx_id.hpp"

#include <fmt/format.h>

namespace quern::image {

std::string spdx_id(std::string_view text) {
    std::string id;
    for (const char letter : text) {
        const bool is_allowed = (letter >= 'a' && letter <= 'z') ||
                                (letter >= 'A' && letter <= 'Z') ||
                                (letter >= '0' && letter <= '9') || letter == '.' || letter == '-';
        if (is_allowed) {
            id += letter;
        } else {
            id += letter == ':' ? "-" : fmt::format("C{}", static_cast<unsigned char>(letter));
        }
    }
    return id;
}

}  // namespace quern::image
