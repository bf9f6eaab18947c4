// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/repository.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;

TEST_CASE("repository: lines are read with or without a tag", "[repository][repository]") {
    const auto [line, base, tag, is_remote] =
        GENERATE(table<const char*, const char*, const char*, bool>({
            {"https://example.org/os/", "https://example.org/os", "", true},
            {"@edge https://example.org/os", "https://example.org/os", "edge", true},
            {"@edge\t ./packages ", "./packages", "edge", false},
            {"/", "/", "", false},
            {"file:///srv/repo", "file:///srv/repo", "", false},
            {"a directory", "a directory", "", false},
        }));
    CAPTURE(line);
    const auto location = Location::parse(line);
    REQUIRE(location);
    CHECK(location->base == base);
    CHECK(location->tag == tag);
    CHECK(location->is_remote() == is_remote);
}

TEST_CASE(
    "repository: lines without a place or with an odd one are refused", "[repository][repository]"
) {
    const auto* line = GENERATE(
        "",
        "  ",
        "@edge",
        "@ https://x",
        "@a/b https://x",
        "ftp://x/y",
        "https://x/y z",
        "file://relative"
    );
    CAPTURE(line);
    const auto location = Location::parse(line);
    REQUIRE_FALSE(location);
    CHECK(location.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("repository: what is shown has no password", "[repository][repository]") {
    const auto location = Location::parse("@edge https://me:canary@example.org/os");
    REQUIRE(location);
    CHECK(location->shown().starts_with("@edge https://"));
    CHECK(location->shown().find("canary") == std::string::npos);
    const auto wrong = Location::parse("ftp://me:canary@example.org/os");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message().find("canary") == std::string::npos);
}

TEST_CASE(
    "repository: indexes and packages lie below the architecture", "[repository][repository]"
) {
    const auto location = Location::parse("https://example.org/os/");
    REQUIRE(location);
    apk::IndexEntry entry;
    entry.name = "hello";
    entry.version = "2.12-r0";
    CHECK(location->index_url("x86_64") == "https://example.org/os/x86_64/APKINDEX.tar.gz");
    CHECK(
        location->package_url("x86_64", entry) == "https://example.org/os/x86_64/hello-2.12-r0.apk"
    );
    CHECK(Location::parse("file:///srv/repo")->directory() == "/srv/repo");
    CHECK(Location::parse("./repo")->directory() == "./repo");
}
