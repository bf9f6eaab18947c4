// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace quern::recipe {

/// Go's spelling: "1h30m", "1.5s", "300ms", "-2us", "0". Units ns, us, µs, ms, s, m, h; a bare
/// number other than 0 is nothing. Source: Go time package documentation, ParseDuration.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// "1h30m0s", "1.5s", "2µs": the shortest form in Go's style. Inverts parse_duration.
/// Source: Go time package documentation, Duration.String.
std::string to_string(std::chrono::nanoseconds duration);

}  // namespace quern::recipe
