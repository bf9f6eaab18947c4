// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>

namespace quern::test {

namespace {

fetch::HttpClient make_client() {
    auto made = fetch::HttpClient::create("");
    REQUIRE(made);
    return std::move(*made);
}

}  // namespace

TestFetcher::TestFetcher(const std::filesystem::path& directory)
    : http(make_client()),
      content({directory / "content"}),
      fetcher(http, content, cancel, false) {}

}  // namespace quern::test
