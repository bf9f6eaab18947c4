// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_cache.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <string>

using namespace quern;
using namespace quern::rootfs;

namespace {

struct Fixture {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "roots.");

    /// A finished tree of 64 KiB that was used for the last time so many hours ago.
    std::filesystem::path add(const std::string& key, int hours) const {
        const auto place = directory.path() / key;
        std::filesystem::create_directories(place / "root");
        REQUIRE(write_file_atomically(place / "lock", ""));
        REQUIRE(
            write_file_atomically(place / "root" / "file", std::string(std::size_t{64} << 10U, 'x'))
        );
        const struct timespec time = {std::time(nullptr) - hours * 3600, 0};
        const struct timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (place / "lock").c_str(), times, 0) == 0);
        return place;
    }
};

}  // namespace

TEST_CASE(
    "layer_cache: trees not used for longest go, those in use stay", "[rootfs][layer_cache]"
) {
    Fixture f;
    const auto oldest = f.add("oldest", 30);
    const auto older = f.add("older", 20);
    const auto newest = f.add("newest", 1);
    const auto in_use = FileLock::acquire(oldest / "lock", FileLock::Mode::shared);
    REQUIRE(in_use);
    const auto report = LayerCache(f.directory.path()).trim(std::uint64_t{150} << 10U);
    REQUIRE(report);
    CHECK(report->removed == 1);
    CHECK(std::filesystem::exists(oldest / "root"));
    CHECK_FALSE(std::filesystem::exists(older));
    CHECK(std::filesystem::exists(newest / "root"));
    const auto all = LayerCache(f.directory.path()).trim(0);
    REQUIRE(all);
    CHECK(all->removed == 1);
    CHECK(std::filesystem::exists(oldest / "root"));
}

TEST_CASE("layer_cache: a directory that is not there is empty", "[rootfs][layer_cache]") {
    Fixture f;
    const auto report = LayerCache(f.directory.path() / "none").trim(0);
    REQUIRE(report);
    CHECK(report->removed == 0);
}
