// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/handle.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

using quern::UniqueFd;

namespace {

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

UniqueFd open_null() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("handle: a descriptor is closed with its owner", "[support][handle]") {
    int number = -1;
    {
        const UniqueFd fd = open_null();
        number = fd.get();
        REQUIRE(is_open(number));
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("handle: a moved-from descriptor is none", "[support][handle]") {
    UniqueFd first = open_null();
    UniqueFd second = std::move(first);
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is tested
    CHECK(second);
    CHECK(second.close() == 0);
    CHECK(second.close() == 0);
    CHECK_FALSE(second);
}

TEST_CASE("handle: a scope exit runs unless dismissed", "[support][handle]") {
    int runs = 0;
    {
        const quern::ScopeExit counted([&] { ++runs; });
        quern::ScopeExit dismissed([&] { runs += 100; });
        dismissed.dismiss();
    }
    CHECK(runs == 1);
}
