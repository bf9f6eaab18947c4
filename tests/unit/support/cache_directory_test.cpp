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
#include <vector>

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

TEST_CASE("cache directory: trees that are in use stay", "[support][cache_directory]") {
    const Fixture f;
    const auto root = f.directory.path();
    std::vector<CacheTree> trees;
    for (const char* name : {"a", "b", "c"}) {
        std::filesystem::create_directory(root / name);
        REQUIRE(write_file_atomically(root / name / "file", std::string(100'000, 'x')));
        trees.push_back({root / name, root / (std::string(name) + ".lock")});
        REQUIRE(use_tree(trees.back().lock, FileLock::Mode::shared));
        const auto path = trees.back().lock;
        const auto used = std::filesystem::file_time_type::clock::now() + std::chrono::hours(1);
        std::filesystem::last_write_time(path, used - std::chrono::minutes(trees.size()));
    }
    // "c" was not used for longest, and is used now.
    const auto in_use = FileLock::acquire(trees[2].lock, FileLock::Mode::shared);
    REQUIRE(in_use);
    const auto report = trim_trees(trees, 250'000);
    REQUIRE(report);
    CHECK(report->removed == 1);
    CHECK(report->in_use == 1);
    CHECK(report->bytes >= 100'000);
    CHECK(f.has("a"));
    CHECK_FALSE(f.has("b"));
    CHECK(f.has("c"));
    CHECK(f.has("b.lock"));
}

TEST_CASE("cache directory: what was used last goes last", "[support][cache_directory]") {
    const Fixture f;
    const auto root = f.directory.path();
    std::vector<CacheTree> trees;
    for (const char* name : {"first", "second"}) {
        std::filesystem::create_directory(root / name);
        REQUIRE(write_file_atomically(root / name / "file", std::string(100'000, 'x')));
        trees.push_back({root / name, root / (std::string(name) + ".lock")});
        REQUIRE(use_tree(trees.back().lock, FileLock::Mode::shared));
        const auto long_ago =
            std::filesystem::file_time_type::clock::now() - std::chrono::hours(trees.size());
        std::filesystem::last_write_time(trees.back().lock, long_ago);
        std::filesystem::last_write_time(root / name, long_ago);
    }
    REQUIRE(use_tree(trees[1].lock, FileLock::Mode::exclusive));
    const auto report = trim_trees(trees, 150'000);
    REQUIRE(report);
    CHECK(report->removed == 1);
    CHECK_FALSE(f.has("first"));
    CHECK(f.has("second"));
}
