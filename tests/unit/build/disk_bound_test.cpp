// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/disk_bound.hpp"

#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <string>
#include <thread>

namespace quern::build {

TEST_CASE("disk bound: what was there at first is free of charge", "[build][disk_bound]") {
    std::optional<std::uint64_t> taken = 1000;
    DiskBound bound(50, {}, [&](std::uint64_t) { return taken; });
    CHECK(!bound.is_passed(true));
    taken = 1050;
    CHECK(!bound.is_passed(true));
    taken = 1051;
    CHECK(bound.is_passed(true));
    taken.reset();
    CHECK(!bound.is_passed(true));
}

TEST_CASE("disk bound: what is written is found without being asked for", "[build][disk_bound]") {
    const auto directory = TempDir::create("/tmp", "quern-disk-");
    REQUIRE(directory);
    const auto tree = FileTree::open(directory->path());
    REQUIRE(tree);
    constexpr std::uint64_t limit = 100'000;
    DiskBound bound(limit, directory->path(), [&](std::uint64_t most) {
        return bytes_on_disk({directory->path()}, most);
    });
    const CancelToken outer;
    DiskWatch watch(&bound, outer);
    REQUIRE(tree->write("large", std::string(3 * limit, 'x')));
    while (!watch.token().is_requested()) {
        std::this_thread::yield();
    }
    CHECK(!outer.is_requested());
    CHECK(watch.is_passed());
}

TEST_CASE("disk bound: a stop is passed on, and no bound passes all", "[build][disk_bound]") {
    CancelToken outer;
    DiskBound bound(50, {}, [](std::uint64_t) { return std::optional<std::uint64_t>(); });
    DiskWatch watch(&bound, outer);
    DiskWatch without(nullptr, outer);
    CHECK(!watch.token().is_requested());
    outer.request();
    CHECK(without.token().is_requested());
    while (!watch.token().is_requested()) {
        std::this_thread::yield();
    }
    CHECK(!watch.is_passed());
    CHECK(!without.is_passed());
}

TEST_CASE(
    "disk bound: files count once, whatever their names, and links not at all",
    "[build][disk_bound]"
) {
    const auto directory = TempDir::create("/tmp", "quern-disk-");
    REQUIRE(directory);
    const auto tree = FileTree::open(directory->path());
    REQUIRE(tree);
    const std::uint64_t before = bytes_on_disk({directory->path()}, UINT64_MAX);
    REQUIRE(tree->make_directories("a"));
    REQUIRE(tree->write("a/file", std::string(1'000'000, 'x')));
    REQUIRE(::linkat(tree->fd(), "a/file", tree->fd(), "other", 0) == 0);
    REQUIRE(tree->make_symlink("link", "/usr"));
    const std::uint64_t after = bytes_on_disk({directory->path()}, UINT64_MAX);
    CHECK(after - before >= 1'000'000);
    CHECK(after - before < 1'200'000);
    CHECK(bytes_on_disk({directory->path(), directory->path()}, 1) < after);
    CHECK(bytes_on_disk({"/nowhere/at/all"}, UINT64_MAX) == 0);
}

}  // namespace quern::build
