// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/error.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <memory>

using quern::Error;
using quern::ErrorCode;
using quern::Result;

namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return Error(ErrorCode::invalid_data, "odd");
    }
    return number / 2;
}

Result<int> quarter(int number) {
    QUERN_TRY(const int halved, half(number));
    return half(halved);
}

Result<void> check_quarter(int number) {
    QUERN_CHECK(quarter(number));
    return {};
}

}  // namespace

TEST_CASE("error: a missing file has its own code", "[support][error]") {
    const auto missing = Error::system(ENOENT, "opening keys/x.pub");
    CHECK(missing.code() == ErrorCode::not_found);
    CHECK(missing.message() == "opening keys/x.pub: No such file or directory");
    CHECK(Error::system(EACCES, "opening").code() == ErrorCode::io);
}

TEST_CASE("error: context goes in front, help stays apart", "[support][error]") {
    const Error error =
        Error(ErrorCode::io, "full").context("reading x").context("recipe y").help("make room");
    CHECK(error.message() == "recipe y: reading x: full");
    CHECK(error.help() == "make room");
    CHECK(error.code() == ErrorCode::io);
}

TEST_CASE("error: QUERN_TRY and QUERN_CHECK hand an error on", "[support][error]") {
    CHECK(*quarter(8) == 2);
    CHECK(quarter(6).error().message() == "odd");
    CHECK(check_quarter(8));
    CHECK(check_quarter(7).error().code() == ErrorCode::invalid_data);
}

TEST_CASE("error: a result moves what it holds", "[support][error]") {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    REQUIRE(result);
    const std::unique_ptr<int> taken = std::move(*result);
    CHECK(*taken == 7);
    CHECK(half(3).value_or(9) == 9);
}
