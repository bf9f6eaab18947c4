// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/fetcher.hpp"

#include <filesystem>

namespace quern::test {

/// A fetcher and all that it needs; its content store lies in `directory`.
struct TestFetcher {
    fetch::HttpClient http;
    fetch::ContentStore content;
    CancelToken cancel;
    fetch::Fetcher fetcher;

    explicit TestFetcher(const std::filesystem::path& directory);
};

}  // namespace quern::test
