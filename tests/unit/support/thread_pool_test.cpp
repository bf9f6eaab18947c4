// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/thread_pool.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <new>

using namespace quern;

TEST_CASE("thread_pool: every index runs once", "[support][thread_pool]") {
    const auto threads = GENERATE(1U, 2U, 8U);
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> runs(1000);
    REQUIRE(pool.for_each_index(runs.size(), [&](std::size_t i) -> Result<void> {
        ++runs[i];
        return {};
    }));
    CHECK(std::all_of(runs.begin(), runs.end(), [](const auto& n) { return n == 1; }));
    CHECK(pool.for_each_index(0, [](std::size_t) -> Result<void> { return {}; }));
}

TEST_CASE("thread_pool: the error of the lowest index wins", "[support][thread_pool]") {
    ThreadPool pool(4);
    for (int round = 0; round < 50; ++round) {
        const auto result = pool.for_each_index(100, [](std::size_t i) -> Result<void> {
            if (i % 10 == 3) {
                return Error(ErrorCode::io, std::to_string(i));
            }
            return {};
        });
        REQUIRE_FALSE(result);
        CHECK(result.error().message() == "3");
    }
}

TEST_CASE("thread_pool: a task may loop over indexes itself", "[support][thread_pool]") {
    ThreadPool pool(2);
    std::atomic<int> runs = 0;
    REQUIRE(pool.for_each_index(8, [&](std::size_t) {
        return pool.for_each_index(8, [&](std::size_t) -> Result<void> {
            ++runs;
            return {};
        });
    }));
    CHECK(runs == 64);
}

TEST_CASE("thread_pool: the destructor waits for all tasks", "[support][thread_pool]") {
    std::atomic<int> runs = 0;
    {
        ThreadPool pool(2);
        for (int i = 0; i < 100; ++i) {
            pool.submit([&] { ++runs; });
        }
    }
    CHECK(runs == 100);
    CHECK(ThreadPool().size() >= 1);
}

TEST_CASE("thread_pool: an exception reaches the caller", "[support][thread_pool]") {
    ThreadPool pool(2);
    const auto loop = [&] {
        return pool.for_each_index(10, [](std::size_t) -> Result<void> { throw std::bad_alloc(); });
    };
    CHECK_THROWS_AS(loop(), std::bad_alloc);
}
