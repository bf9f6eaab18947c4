// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/step_log.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "tests/support/recording_reporter.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace quern::build {

TEST_CASE("step log: the last lines are those of the running step", "[build][step_log]") {
    const auto directory = TempDir::create(std::filesystem::temp_directory_path(), "quern-");
    RecordingReporter reporter;
    REQUIRE(directory);
    auto log = StepLog::create(directory->path() / "log", reporter);
    REQUIRE(log);
    log->write_heading("first");
    log->write("first", "one\nunfinished");
    CHECK(log->last_lines() == "  | one\n  | unfinished\n");
    log->write_heading("second");
    CHECK(log->last_lines().empty());
    log->write("second", "two\n");
    CHECK(log->last_lines() == "  | two\n");
    CHECK(log->earlier_lines() == "  | one\n  | unfinished\n");
    CHECK(read_file(log->path()).value_or("") == "== first\none\nunfinished== second\ntwo\n");
    for (int line = 0; line < 1000; ++line) {
        log->write("second", "more\n");
    }
    CHECK(log->last_lines().find("two") == std::string::npos);
    CHECK(log->earlier_lines().empty());
}

}  // namespace quern::build
