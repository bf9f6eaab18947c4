// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/extract.hpp"
#include "fetch/http.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace quern::cli {

/// Bounds on what comes from outside. Every message that one was passed names its flag.
struct InputLimits {
    fetch::HttpLimits http;
    apk::IndexLimits index;
    apk::PackageLimits package;
    archive::ExtractLimits archive;
    std::uint64_t parallel_downloads = 8;
    std::uint64_t package_cache_bytes = std::uint64_t{20} << 30U;  ///< 0: no bound
};

/// Adds one flag for each; they go before or behind the command. The peers' names are taken too.
void add_limit_flags(CLI::App& app, InputLimits& limits);

/// "64", "10k", "1.5MiB", "2G": bytes, by powers of 1,024.
std::optional<std::uint64_t> parse_size(const std::string& text);

}  // namespace quern::cli
