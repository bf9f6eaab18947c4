// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quern {

/// Whole seconds since 1970-01-01T00:00:00Z. The one date of everything that a build makes.
class Timestamp {
 public:
    constexpr Timestamp() = default;
    explicit constexpr Timestamp(std::int64_t seconds) : seconds_(seconds) {}
    constexpr std::int64_t seconds() const { return seconds_; }
    /// "2001-02-03T04:05:06Z"
    std::string to_rfc3339() const;
    /// RFC 3339 with Z or a numeric offset; fractions of a second are dropped.
    static std::optional<Timestamp> parse_rfc3339(std::string_view text);
    /// Decimal seconds, as in SOURCE_DATE_EPOCH. Source: reproducible-builds.org SOURCE_DATE_EPOCH
    /// specification.
    static std::optional<Timestamp> parse_seconds(std::string_view text);
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;

 private:
    std::int64_t seconds_ = 0;
};

}  // namespace quern
