// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/guest_ids.hpp"

#include <catch2/catch.hpp>

using quern::GuestIds;

TEST_CASE("guest_ids: ids in the range go there and back", "[support][guest_ids]") {
    constexpr GuestIds ids{.first = 100000, .count = 65536};
    CHECK(ids.to_host(1000) == 101000);
    CHECK(ids.to_guest(101000) == 1000);
    CHECK(ids.to_host(65536) == 100000);
    CHECK(ids.to_guest(165536) == 0);
    CHECK(ids.to_guest(5) == 0);
}

TEST_CASE("guest_ids: a single id stands for root", "[support][guest_ids]") {
    constexpr GuestIds ids;
    CHECK(ids.to_host(1000) == 0);
    CHECK(ids.to_guest(1000) == 0);
}
