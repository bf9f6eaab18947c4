// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/gzip_blocks.hpp"

#include "archive_samples.hpp"

#include <catch2/catch.hpp>

namespace quern::archive {
namespace {

std::optional<DeflateEnd> end_of(const std::vector<std::uint8_t>& stream) {
    return find_deflate_end(stream);
}

TEST_CASE("gzip_blocks: the blocks of RFC 1951 are walked", "[archive][gzip_blocks]") {
    SECTION("stored") {
        const auto end = end_of({0x01, 0x02, 0x00, 0xfd, 0xff, 'a', 'b'});
        REQUIRE(end);
        CHECK(end->last_block == 0);
        CHECK(end->end == 56);
    }
    SECTION("fixed and empty") {
        const auto end = end_of({0x03, 0x00});
        REQUIRE(end);
        CHECK(end->last_block == 0);
        CHECK(end->end == 10);
    }
    SECTION("stored, then fixed") {
        const auto end = end_of({0x00, 0x00, 0x00, 0xff, 0xff, 0x4b, 0x04, 0x00});  // "a"
        REQUIRE(end);
        CHECK(end->last_block == 40);
        CHECK(end->end == 58);
    }
    SECTION("a match in fixed codes") {
        const auto end = end_of({0x4b, 0x4c, 0x04, 0x01, 0x00});  // "aaaaaa..."
        REQUIRE(end);
    }
}

TEST_CASE("gzip_blocks: what is no deflate stream is known", "[archive][gzip_blocks]") {
    CHECK(!end_of({}));
    CHECK(!end_of({0x07}));                               // the fourth type of block
    CHECK(!end_of({0x01, 0x02, 0x00, 0xfd, 0xfe, 'a'}));  // lengths do not match
    CHECK(!end_of({0x01, 0x02, 0x00, 0xfd, 0xff, 'a'}));  // truncated
    CHECK(!end_of({0x03}));
    CHECK(!end_of(std::vector<std::uint8_t>(100, 0xff)));
}

TEST_CASE("gzip_blocks: no bytes lead it astray", "[archive][gzip_blocks]") {
    SampleNumbers numbers(1);
    for (int round = 0; round < 3000; ++round) {
        const std::string noise = sample_noise(1 + numbers.below(400), numbers.next());
        const auto end = end_of({noise.begin(), noise.end()});
        if (end) {
            REQUIRE(end->last_block < end->end);
            REQUIRE(end->end <= noise.size() * 8);
        }
    }
}

}  // namespace
}  // namespace quern::archive
