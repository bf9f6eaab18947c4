// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include <catch2/catch.hpp>

using quern::log::Level;

TEST_CASE("log: is off until asked for", "[support][log]") {
    quern::log::configure(Level::off, "");
    CHECK_FALSE(quern::log::is_enabled(Level::debug, "fetch"));
    CHECK_FALSE(quern::log::is_enabled(Level::off, "fetch"));
}

TEST_CASE("log: a filter names layers", "[support][log]") {
    quern::log::configure(Level::off, "trace:sandbox, debug:fetch");
    CHECK(quern::log::is_enabled(Level::trace, "sandbox"));
    CHECK(quern::log::is_enabled(Level::debug, "fetch"));
    CHECK_FALSE(quern::log::is_enabled(Level::trace, "fetch"));
    CHECK_FALSE(quern::log::is_enabled(Level::debug, "apk"));
    quern::log::configure(Level::off, "");
}

TEST_CASE("log: a level alone is for all layers", "[support][log]") {
    quern::log::configure(Level::off, "debug");
    CHECK(quern::log::is_enabled(Level::debug, "apk"));
    quern::log::configure(Level::off, "");
}
