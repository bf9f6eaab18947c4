// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quern::fetch {

/// What HTTP_AUTH says: user and password for one host.
struct HostCredentials {
    std::string host;  ///< lower case, no port
    std::string user;
    std::string password;

    /// "basic:host:user:password"; the password may hold colons. Nothing for an empty text. Errors:
    /// usage (the text is not repeated).
    static Result<std::optional<HostCredentials>> parse(std::string_view text);
};

/// What a Content-Range header says: "bytes 5-9/10" or "bytes */10".
struct ContentRange {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> total;

    static std::optional<ContentRange> parse(std::string_view text);
};

/// Statuses after which the same request may succeed: 408, 429 and 5xx but 501 and 505.
bool is_worth_a_retry(int status);

/// How long to wait before retry number `retry` (from 0): `first` doubled each time, a server's
/// wish instead if it gave one, at most a minute.
std::chrono::milliseconds backoff(
    int retry, std::chrono::milliseconds first, std::chrono::seconds server_wish
);

/// Waits, looking at `cancel` often. Errors: interrupted.
Result<void> wait_for(std::chrono::milliseconds time, const CancelToken& cancel);

}  // namespace quern::fetch
