// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/step_limits.hpp"

#include "tests/support/recording_reporter.hpp"

#include <catch2/catch.hpp>

using quern::build::disk_limit;
using quern::build::step_limits;

TEST_CASE("limits: quantities are those of recipes", "[build][step_limits]") {
    const auto [memory, bytes] = GENERATE(table<const char*, std::uint64_t>({
        {"", 0},
        {"512", 512},
        {"8Gi", std::uint64_t{8} << 30U},
        {"1.5Mi", 1'572'864},
        {"2G", 2'000'000'000},
        {"10k", 10'000},
    }));
    CAPTURE(memory);
    const auto limits = step_limits({.cpu = {}, .cpu_model = {}, .memory = memory, .disk = {}}, 0);
    REQUIRE(limits);
    CHECK(limits->memory_bytes == bytes);
}

TEST_CASE("limits: processors may be parts", "[build][step_limits]") {
    const auto [cpu, thousandths] = GENERATE(table<const char*, std::uint32_t>({
        {"", 0},
        {"4", 4000},
        {"1.5", 1500},
        {"500m", 500},
        {"0.25", 250},
    }));
    CAPTURE(cpu);
    const auto limits = step_limits({.cpu = cpu, .cpu_model = {}, .memory = {}, .disk = {}}, 0);
    REQUIRE(limits);
    CHECK(limits->cpu_thousandths == thousandths);
}

TEST_CASE(
    "limits: what is no quantity names the field, the flag and the form", "[build][step_limits]"
) {
    const char* text = GENERATE(
        "much", "-1", "0", "1.2.3", "1.2345", "Gi", "8 Gi", "99999999999999999999", "9999999999Ti"
    );
    CAPTURE(text);
    const auto limits = step_limits({.cpu = {}, .cpu_model = {}, .memory = text, .disk = {}}, 0);
    REQUIRE_FALSE(limits);
    CHECK(
        limits.error().message() ==
        "package.resources.memory (or --memory) is '" + std::string(text) + "'"
    );
    CHECK_FALSE(step_limits({.cpu = text, .cpu_model = {}, .memory = {}, .disk = {}}, 0));
}

TEST_CASE("limits: a number of processes holds in place of the default", "[build][step_limits]") {
    CHECK(step_limits({}, 30)->processes == 30);
    CHECK(step_limits({}, 0)->processes == quern::sandbox::Limits().processes);
}

TEST_CASE("limits: a disk that is too small is told, and a wrong size is an error", "[build]") {
    RecordingReporter reporter;
    CHECK(
        *disk_limit({.cpu = {}, .cpu_model = {}, .memory = {}, .disk = "1k"}, "/", reporter) == 1000
    );
    CHECK(*disk_limit({}, "/", reporter) == 0);
    CHECK(reporter.events().empty());
    CHECK(disk_limit({.cpu = {}, .cpu_model = {}, .memory = {}, .disk = "900000Ti"}, "/", reporter)
    );
    REQUIRE(reporter.events().size() == 1);
    CHECK(reporter.events()[0].starts_with("warning: package.resources.disk asks for "));
    const auto wrong =
        disk_limit({.cpu = {}, .cpu_model = {}, .memory = {}, .disk = "big"}, "/", reporter);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message() == "package.resources.disk (or --disk) is 'big'");
}
