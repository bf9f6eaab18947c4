// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/database.hpp"

#include <catch2/catch.hpp>

using quern::image::without_files;

TEST_CASE("database: records are read without their files", "[image][database]") {
    auto [database, records] = GENERATE(table<const char*, const char*>({
        {"", ""},
        {"P:a\nV:1\nF:usr\nM:0:0:755\nF:usr/bin\nR:a\nZ:Q1x\n\nP:b\nV:2\n\n",
         "P:a\nV:1\n\nP:b\nV:2\n\n"},
        {"P:a\nV:1\nF:usr", "P:a\nV:1\n"},
        {"P:a\nV:1", "P:a\nV:1"},
    }));
    CHECK(without_files(database) == records);
}
