// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/owner_record.hpp"

#include <catch2/catch.hpp>

using quern::OwnerRecord;

TEST_CASE("owner_record: text of two ids and no other", "[support][owner_record]") {
    CHECK(OwnerRecord::parse("1000:50") == OwnerRecord{1000, 50});
    CHECK((OwnerRecord{0, 4'294'967'294}).to_string() == "0:4294967294");
    for (const char* text : {"", ":", "1", "1:", ":1", "1:2:3", "-1:0", "4294967295:0", "a:b"}) {
        CAPTURE(text);
        CHECK_FALSE(OwnerRecord::parse(text));
    }
}

TEST_CASE("owner_record: times of links hold ids below 65536", "[support][owner_record]") {
    const auto owner =
        GENERATE(OwnerRecord{0, 1}, OwnerRecord{1000, 50}, OwnerRecord{65'535, 65'535});
    const timespec time = owner.to_link_time();
    CHECK(time.tv_nsec < 1'000'000'000);
    CHECK(time.tv_sec <= 0x7FFF'FFFF);  // the end of 32 bits
    CHECK(OwnerRecord::of_link_time(time) == owner);
}

TEST_CASE("owner_record: any other time says nothing", "[support][owner_record]") {
    const timespec good = OwnerRecord{5, 6}.to_link_time();
    const timespec time = GENERATE_COPY(
        timespec{0, 0},
        timespec{1'700'000'000, 987'000'001},
        timespec{good.tv_sec, 0},
        timespec{good.tv_sec - 6, good.tv_nsec},
        timespec{good.tv_sec + 65'536, good.tv_nsec},
        timespec{good.tv_sec, good.tv_nsec + 65'536}
    );
    CHECK_FALSE(OwnerRecord::of_link_time(time));
}
