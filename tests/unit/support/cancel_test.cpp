// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/cancel.hpp"

#include <catch2/catch.hpp>

TEST_CASE("cancel: check fails once a stop was requested", "[support][cancel]") {
    quern::CancelToken token;
    CHECK(token.check());
    token.request();
    CHECK(token.is_requested());
    CHECK(token.check().error().code() == quern::ErrorCode::interrupted);
}
