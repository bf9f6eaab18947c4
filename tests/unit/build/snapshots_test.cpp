// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/snapshots.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "tests/support/recording_reporter.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

namespace quern::build {
namespace {

struct Fixture {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "snapshots.");
    std::filesystem::path store = directory.path() / "store";

    // A layer of one file, as a level of a guest has it.
    std::filesystem::path layer(const std::string& name, std::size_t bytes = 1) {
        const auto made = directory.path() / name / "upper";
        std::filesystem::create_directories(made);
        REQUIRE(write_file_atomically(made / "file", std::string(bytes, 'x')));
        return made;
    }
};

}  // namespace

TEST_CASE("snapshots: a layer is moved in and found by its key", "[build][snapshots]") {
    Fixture f;
    const auto snapshots = Snapshots::open(f.store);
    REQUIRE(snapshots);
    CHECK(snapshots->find("one").empty());
    const auto layer = f.layer("a");
    const auto kept = snapshots->keep("one", layer, {});
    CHECK_FALSE(std::filesystem::exists(layer));
    CHECK(std::filesystem::exists(kept / "file"));
    CHECK(snapshots->find("one") == kept);
    // The first one stays; ours is still somewhere.
    const auto second = snapshots->keep("one", f.layer("b"), {});
    CHECK(second != kept);
    CHECK(std::filesystem::exists(second / "file"));
    CHECK(snapshots->find("one") == kept);
}

TEST_CASE("snapshots: what a step printed is kept with its layer", "[build][snapshots]") {
    Fixture f;
    RecordingReporter reporter;
    const auto snapshots = Snapshots::open(f.store);
    auto log = StepLog::create(f.directory.path() / "a.log", reporter);
    REQUIRE((snapshots && log));
    log->write("s", "of another step\n");
    log->write_heading("running");
    log->write("s", "one\ntwo");
    snapshots->keep("key", f.layer("a"), log->since_heading());
    CHECK(read_file(snapshots->output("key")).value_or("") == "one\ntwo");
    snapshots->keep("silent", f.layer("b"), {});
    CHECK_FALSE(std::filesystem::exists(snapshots->output("silent")));

    auto next = StepLog::create(f.directory.path() / "b.log", reporter);
    REQUIRE(next);
    const std::size_t told = reporter.events().size();
    next->repeat(snapshots->output("key"));
    next->repeat(snapshots->output("silent"));
    CHECK(next->last_lines() == "  | one\n  | two\n");
    CHECK(read_file(next->path()).value_or("") == "one\ntwo");
    CHECK(reporter.events().size() == told);
}

TEST_CASE("snapshots: half a layer of a killed removal is no layer", "[build][snapshots]") {
    Fixture f;
    {
        const auto snapshots = Snapshots::open(f.store);
        REQUIRE(snapshots);
        snapshots->keep("one", f.layer("a"), {});
        std::filesystem::create_directories(f.store / "removing" / "layer");
    }
    REQUIRE(Snapshots::trim(f.store, {.bytes = 0, .count = 0}));
    CHECK_FALSE(std::filesystem::exists(f.store / "removing"));
    CHECK_FALSE(std::filesystem::exists(f.store / "one"));
}

TEST_CASE(
    "snapshots: what another run of the machine left unsettled does not count", "[build][snapshots]"
) {
    Fixture f;
    const auto snapshots = Snapshots::open(f.store);
    REQUIRE(snapshots);
    snapshots->keep("one", f.layer("a"), {});
    REQUIRE(write_file_atomically(f.store / "one" / "boot", "another run"));
    CHECK(snapshots->find("one").empty());
    REQUIRE(write_file_atomically(f.store / "one" / "settled", ""));
    CHECK_FALSE(snapshots->find("one").empty());
}

TEST_CASE(
    "snapshots: the least recently used go first, and none while a build runs", "[build][snapshots]"
) {
    Fixture f;
    using Time = std::filesystem::file_time_type;
    {
        const auto snapshots = Snapshots::open(f.store);
        REQUIRE(snapshots);
        for (const char* key : {"old", "older", "new"}) {
            snapshots->keep(key, f.layer(key, 100'000), {});
        }
        std::filesystem::last_write_time(
            f.store / "older" / "boot", Time::clock::now() - std::chrono::hours(2)
        );
        std::filesystem::last_write_time(
            f.store / "old" / "boot", Time::clock::now() - std::chrono::hours(1)
        );
        REQUIRE(Snapshots::trim(f.store, {.bytes = 1, .count = 1}));
        CHECK_FALSE(snapshots->find("older").empty());
    }
    REQUIRE(Snapshots::trim(f.store, {.bytes = 1 << 30, .count = 2}));
    CHECK_FALSE(std::filesystem::exists(f.store / "older"));
    CHECK(std::filesystem::exists(f.store / "old"));
    REQUIRE(Snapshots::trim(f.store, {.bytes = 150'000, .count = 100}));
    CHECK_FALSE(std::filesystem::exists(f.store / "old"));
    CHECK(std::filesystem::exists(f.store / "new"));
    REQUIRE(Snapshots::trim(f.store, {.count = 0, .pause = std::chrono::hours(1)}));
    CHECK(std::filesystem::exists(f.store / "new"));  // the last look was just now
    REQUIRE(Snapshots::trim(f.store, {.count = 0}));
    CHECK_FALSE(std::filesystem::exists(f.store / "new"));
}

}  // namespace quern::build
