// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/cache_directory.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <string>

using namespace quern;

namespace {

struct Fixture {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "cache.");

    /// A file of 64 KiB that was used for the last time so many hours ago.
    void add(const std::string& name, int hours) {
        const auto path = directory.path() / name;
        REQUIRE(write_file_atomically(path, std::string(std::size_t{64} << 10U, 'x')));
        const auto now = std::chrono::system_clock::now() - std::chrono::hours(hours);
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
        const struct timespec time = {seconds.count(), 0};
        const struct timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    bool has(const std::string& name) const {
        return std::filesystem::exists(directory.path() / name);
    }
};

}  // namespace

TEST_CASE("cache_directory: what was not used for longest goes first", "[support][cache]") {
    Fixture f;
    f.add("new", 1);
    f.add("oldest", 30);
    f.add("old", 20);
    const auto report = trim(f.directory.path(), std::uint64_t{100} << 10U);
    REQUIRE(report);
    CHECK(report->removed == 2);
    CHECK(report->kept_bytes <= std::uint64_t{100} << 10U);
    CHECK(f.has("new"));
    const auto again = trim(f.directory.path(), std::uint64_t{100} << 10U);
    REQUIRE(again);
    CHECK(again->removed == 0);
}

TEST_CASE(
    "cache_directory: leftovers of the dead go, those of the living stay", "[support][cache]"
) {
    Fixture f;
    f.add(".half.1", 30);
    f.add(".half.2", 1);
    f.add("whole", 30);
    REQUIRE(trim(f.directory.path(), std::uint64_t{1} << 40U));
    CHECK_FALSE(f.has(".half.1"));
    CHECK(f.has(".half.2"));
    CHECK(f.has("whole"));
}

TEST_CASE("cache_directory: files of several names count once", "[support][cache]") {
    Fixture f;
    f.add("one", 1);
    std::filesystem::create_directory(f.directory.path() / "sub");
    std::filesystem::create_hard_link(
        f.directory.path() / "one", f.directory.path() / "sub" / "two"
    );
    const auto use = measure(f.directory.path());
    REQUIRE(use);
    CHECK(use->files == 1);
    CHECK(use->bytes >= std::uint64_t{64} << 10U);
    CHECK(use->bytes < std::uint64_t{100} << 10U);
}

TEST_CASE("cache_directory: a missing directory is empty", "[support][cache]") {
    Fixture f;
    const auto use = measure(f.directory.path() / "none");
    REQUIRE(use);
    CHECK(use->files == 0);
    CHECK(trim(f.directory.path() / "none", 0));
}
