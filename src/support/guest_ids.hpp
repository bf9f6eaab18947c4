// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace quern {

/// How the user and group ids that steps see in the guest lie in the ids that this process sees:
/// guest id g is `first + g`, for g below `count`. With a single id (`count` == 1) everything in
/// the guest belongs to 0.
struct GuestIds {
    std::uint32_t first = 0;
    std::uint32_t count = 1;

    /// Id on disk for guest id `id`; ids outside the range become that of guest 0.
    constexpr std::uint32_t to_host(std::uint32_t id) const {
        return id < count ? first + id : first;
    }
    /// Guest id of an id on disk; ids outside the range become 0.
    constexpr std::uint32_t to_guest(std::uint32_t id) const {
        return id >= first && id - first < count ? id - first : 0;
    }
    friend bool operator==(const GuestIds&, const GuestIds&) = default;
};

}  // namespace quern
