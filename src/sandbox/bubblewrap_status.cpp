// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bubblewrap_status.hpp"

#include "support/text.hpp"

#include <cstdint>

namespace quern::sandbox {

std::optional<int> exit_code_in(std::string_view bubblewrap_status) {
    constexpr std::string_view key = "\"exit-code\":";
    constexpr std::uint64_t max_code = 255;
    const std::size_t at = bubblewrap_status.find(key);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = bubblewrap_status.substr(at + key.size());
    const auto code = parse_unsigned(trim(rest.substr(0, rest.find_first_of(",}\n"))));
    return code && *code <= max_code ? std::optional(static_cast<int>(*code)) : std::nullopt;
}

}  // namespace quern::sandbox
