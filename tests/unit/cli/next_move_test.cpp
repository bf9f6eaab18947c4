// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/next_move.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <string>

using quern::Error;
using quern::ErrorCode;
using quern::cli::next_move;

TEST_CASE("next move: what the system refuses has one", "[cli][next_move]") {
    const int number = GENERATE(
        ENOENT, EACCES, EPERM, EROFS, ENOSPC, EDQUOT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EMFILE
    );
    CAPTURE(number);
    CHECK(!next_move(Error::system(number, "writing x")).empty());
    CHECK(!next_move(Error::system(number, "writing x").context("index")).empty());
}

TEST_CASE("next move: a failed download has one", "[cli][next_move]") {
    CHECK(!next_move(Error(ErrorCode::network, "fetching x")).empty());
}

TEST_CASE("next move: what the place of the error knows comes first", "[cli][next_move]") {
    CHECK(next_move(Error::system(ENOENT, "reading x").help("write it")) == "write it");
    CHECK(next_move(Error(ErrorCode::io, "odd")).empty());
}
