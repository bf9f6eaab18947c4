// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/id_map.hpp"

#include <catch2/catch.hpp>

using quern::sandbox::choose_root_range;
using quern::sandbox::find_subordinate;
using quern::sandbox::IdExtent;
using quern::sandbox::IdRange;
using quern::sandbox::is_mapped;
using quern::sandbox::parse_id_map;

namespace {

constexpr std::uint32_t wanted = 65'536;
const std::vector<IdExtent> whole = {{.inside = 0, .outside = 0, .count = 4'294'967'295U}};

}  // namespace

TEST_CASE("id map: lines of /proc are read", "[sandbox][id_map]") {
    const auto map =
        parse_id_map("         0       1000          1\n         1     100000      65536\n");
    REQUIRE(map.size() == 2);
    CHECK(map[0] == IdExtent{.inside = 0, .outside = 1000, .count = 1});
    CHECK(map[1] == IdExtent{.inside = 1, .outside = 100'000, .count = 65'536});
}

TEST_CASE("id map: malformed lines are left out", "[sandbox][id_map]") {
    CHECK(parse_id_map("").empty());
    CHECK(parse_id_map("0 1\nx 0 1\n0 -1 1\n0 0 4294967296\n0 0 1 1\n").empty());
}

TEST_CASE("id map: a user's range is found by name and by number", "[sandbox][id_map]") {
    const char* const text =
        "other:100000:65536\nme:200000:1000\n1000:300000:65536\nme:400000:65536\n";
    CHECK(find_subordinate(text, "me", 1000, wanted) == IdRange{.first = 300'000, .count = 65'536});
    CHECK(find_subordinate(text, "me", 7, wanted) == IdRange{.first = 400'000, .count = 65'536});
    CHECK(find_subordinate(text, "nobody", 7, wanted) == std::nullopt);
}

TEST_CASE("id map: without a range of the wanted size the largest is taken", "[sandbox][id_map]") {
    CHECK(
        find_subordinate("me:10:5\nme:20:50\nme:90:7\n", "me", 1, wanted) ==
        IdRange{.first = 20, .count = 50}
    );
}

TEST_CASE("id map: lines that make no sense give no range", "[sandbox][id_map]") {
    const char* const line = GENERATE(
        "me",
        "me:",
        "me:1:",
        "me:0:65536",
        "me:100000:0",
        "me:4294967295:2",
        "me:-1:5",
        "me:1:2:3",
        "me:x:5",
        "#me:1:5"
    );
    CAPTURE(line);
    CHECK(find_subordinate(line, "me", 1, 1) == std::nullopt);
}

TEST_CASE("id map: a range is mapped if one extent holds all of it", "[sandbox][id_map]") {
    const std::vector<IdExtent> map = {
        {.inside = 0, .outside = 5000, .count = 10}, {.inside = 10, .outside = 9000, .count = 10}};
    CHECK(is_mapped(map, {.first = 0, .count = 10}));
    CHECK(is_mapped(map, {.first = 12, .count = 8}));
    CHECK_FALSE(is_mapped(map, {.first = 5, .count = 10}));
    CHECK_FALSE(is_mapped(map, {.first = 19, .count = 2}));
    CHECK_FALSE(is_mapped({}, {.first = 0, .count = 1}));
}

TEST_CASE("id map: root uses its own subordinate range first", "[sandbox][id_map]") {
    const IdRange own = {.first = 500'000, .count = 100'000};
    CHECK(choose_root_range(whole, whole, own) == IdRange{.first = 500'000, .count = 65'536});
    CHECK(
        choose_root_range(whole, whole, IdRange{.first = 500'000, .count = 10}) ==
        IdRange{.first = 0x7000'0000, .count = 65'536}
    );
    CHECK(
        choose_root_range(whole, whole, std::nullopt) ==
        IdRange{.first = 0x7000'0000, .count = 65'536}
    );
}

TEST_CASE("id map: root of a container uses the highest ids that it has", "[sandbox][id_map]") {
    const std::vector<IdExtent> container = {{.inside = 0, .outside = 100'000, .count = 65'536}};
    CHECK(
        choose_root_range(container, container, std::nullopt) ==
        IdRange{.first = 1, .count = 65'535}
    );
    const std::vector<IdExtent> large = {{.inside = 0, .outside = 100'000, .count = 200'000}};
    CHECK(
        choose_root_range(large, large, std::nullopt) == IdRange{.first = 134'464, .count = 65'536}
    );
    CHECK(
        choose_root_range(large, container, std::nullopt) == IdRange{.first = 1, .count = 65'535}
    );
}

TEST_CASE("id map: a root that has no id but 0 has no range", "[sandbox][id_map]") {
    const std::vector<IdExtent> single = {{.inside = 0, .outside = 1000, .count = 1}};
    CHECK(choose_root_range(single, single, std::nullopt) == std::nullopt);
    CHECK(choose_root_range({}, {}, std::nullopt) == std::nullopt);
}
