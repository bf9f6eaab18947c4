// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/http_policy.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::fetch;
using namespace std::chrono_literals;

TEST_CASE("http_policy: HTTP_AUTH names one host, a user and a password", "[fetch][http_policy]") {
    const auto credentials = HostCredentials::parse("basic:Example.org:me:a:b");
    REQUIRE(credentials);
    REQUIRE(*credentials);
    CHECK((*credentials)->host == "example.org");
    CHECK((*credentials)->user == "me");
    CHECK((*credentials)->password == "a:b");
    CHECK_FALSE(HostCredentials::parse("")->has_value());
}

TEST_CASE(
    "http_policy: a wrong HTTP_AUTH is refused without being repeated", "[fetch][http_policy]"
) {
    const auto* text = GENERATE(
        "hunter2",
        "basic:hunter2",
        "basic:host:hunter2",
        "digest:host:me:hunter2",
        "basic::me:hunter2"
    );
    CAPTURE(text);
    const auto credentials = HostCredentials::parse(text);
    REQUIRE_FALSE(credentials);
    CHECK(credentials.error().code() == ErrorCode::usage);
    CHECK(credentials.error().message().find("hunter2") == std::string::npos);
}

TEST_CASE("http_policy: content ranges are read or refused", "[fetch][http_policy]") {
    CHECK(ContentRange::parse("bytes 5-9/10")->first == 5U);
    CHECK(ContentRange::parse("bytes 5-9/10")->total == 10U);
    CHECK_FALSE(ContentRange::parse("bytes */10")->first.has_value());
    CHECK_FALSE(ContentRange::parse("bytes 5-9/*")->total.has_value());
    const auto* wrong = GENERATE(
        "",
        "bytes",
        "lines 1-2/3",
        "bytes 5-9",
        "bytes x-9/10",
        "bytes -9/10",
        "bytes 99999999999999999999-1/2"
    );
    CAPTURE(wrong);
    CHECK_FALSE(ContentRange::parse(wrong).has_value());
}

TEST_CASE("http_policy: waits double and end at a minute", "[fetch][http_policy]") {
    CHECK(backoff(0, 1000ms, 0s) == 1000ms);
    CHECK(backoff(3, 1000ms, 0s) == 8000ms);
    CHECK(backoff(40, 1000ms, 0s) == 60000ms);
    CHECK(backoff(0, 1000ms, 7s) == 7000ms);
    CHECK(backoff(0, 1000ms, 86400s) == 60000ms);
}

TEST_CASE("http_policy: only failures that may pass are worth a retry", "[fetch][http_policy]") {
    const auto [status, expected] = GENERATE(table<int, bool>(
        {{200, false},
         {404, false},
         {408, true},
         {416, false},
         {429, true},
         {500, true},
         {501, false},
         {503, true}}
    ));
    CAPTURE(status);
    CHECK(is_worth_a_retry(status) == expected);
}

TEST_CASE("http_policy: a wait ends when the user wants to stop", "[fetch][http_policy]") {
    CancelToken cancel;
    cancel.request();
    const auto waited = wait_for(60s, cancel);
    REQUIRE_FALSE(waited);
    CHECK(waited.error().code() == ErrorCode::interrupted);
}
