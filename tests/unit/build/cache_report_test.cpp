// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/cache_report.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::build {

TEST_CASE("cache report: ccache's log of counters is counted by calls", "[build]") {
    // As ccache 4.7.5 writes it: a miss, a hit, a call of the linker.
    const std::string log =
        "# a.c\ncache_miss\ndirect_cache_miss\nlocal_storage_miss\npreprocessed_cache_miss\n"
        "# a.c\ndirect_cache_hit\nlocal_storage_hit\n"
        "# b.c\npreprocessed_cache_hit\ndirect_cache_miss\n"
        "# a.o\ncalled_for_link\n";
    CHECK(count_calls(log) == CompilerCounts{2, 1, 1});
    CHECK(count_calls("") == CompilerCounts{});
    CHECK(count_calls("cache_miss") == CompilerCounts{0, 1, 0});
    CHECK(count_calls(std::string(100, '\0') + "\n#\n\n cache_miss\n") == CompilerCounts{});
}

TEST_CASE("cache report: files are counted, new ones and old ones", "[build]") {
    const auto directory = TempDir::create("/tmp", "quern-cache-report-");
    REQUIRE(directory);
    const auto tree = FileTree::open(directory->path());
    REQUIRE(tree);
    REQUIRE(tree->make_directories("a/b"));
    REQUIRE(tree->write("a/b/one", std::string(5000, 'x')));
    REQUIRE(tree->make_symlink("a/two", "/etc/passwd"));
    const CacheReport all = look_at_cache(*tree, {});
    CHECK(all.files == 2);
    CHECK(all.new_files == 2);
    CHECK(all.bytes >= 5000);
    CHECK(all.is_whole);
    const timespec later = {std::time(nullptr) + 3600, 0};
    const CacheReport old = look_at_cache(*tree, later);
    CHECK(old.files == 2);
    CHECK(old.new_files == 0);
    const CacheReport part = look_at_cache(*tree, {}, 1);
    CHECK(part.files == 1);
    CHECK(!part.is_whole);
}

TEST_CASE("cache report: a line for what is of interest", "[build]") {
    CacheReport report;
    report.name = "npm";
    report.files = 3;
    CHECK(to_text(report).empty());
    report.new_files = 2;
    report.new_bytes = 2048;
    report.bytes = 4096;
    CHECK(to_text(report) == "cache npm: 2 new files, 2.0 KiB; 4.0 KiB in all");
    report.counts = CompilerCounts{3, 1, 7};
    CHECK(
        to_text(report) ==
        "cache npm: 3 of 4 compilations (75 %) were in it; 2 new files, 2.0 KiB; 4.0 KiB in all"
    );
    report.counts = CompilerCounts{};
    report.is_whole = false;
    CHECK(
        to_text(report) ==
        "cache npm: 0 of 0 compilations were in it; 2 new files, 2.0 KiB; more than 4.0 KiB in all"
    );
    report.is_counted = false;
    CHECK(to_text(report) == "cache npm: 0 of 0 compilations were in it");
}

}  // namespace quern::build
