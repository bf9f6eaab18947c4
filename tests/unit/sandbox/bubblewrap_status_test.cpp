// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/bubblewrap_status.hpp"

#include <catch2/catch.hpp>

using quern::sandbox::exit_code_in;

TEST_CASE("bubblewrap status: the exit code is found", "[sandbox][bubblewrap_status]") {
    CHECK(
        exit_code_in("{ \"child-pid\": 4711, \"mnt-namespace\": 40 }\n{ \"exit-code\": 3 }\n") == 3
    );
    CHECK(exit_code_in("{ \"exit-code\": 0 }") == 0);
}

TEST_CASE("bubblewrap status: what is no exit code is nothing", "[sandbox][bubblewrap_status]") {
    const char* const text = GENERATE(
        "",
        "{}",
        "{ \"child-pid\": 1 }",
        "{ \"exit-code\"",
        "{ \"exit-code\": }",
        "{ \"exit-code\": x }",
        "{ \"exit-code\": -1 }",
        "{ \"exit-code\": 256 }",
        "{ \"exit-code\": 99999999999999999999 }"
    );
    CAPTURE(text);
    CHECK_FALSE(exit_code_in(text));
}
