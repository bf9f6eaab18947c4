// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/http_policy.hpp"

#include "support/text.hpp"

#include <algorithm>
#include <thread>

namespace quern::fetch {

namespace {

constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(1);

}  // namespace

Result<std::optional<HostCredentials>> HostCredentials::parse(std::string_view text) {
    if (text.empty()) {
        return std::optional<HostCredentials>();
    }
    // The text is a secret: the message must not have it.
    const auto wrong = [] {
        return Error(ErrorCode::usage, "HTTP_AUTH does not have the form basic:HOST:USER:PASSWORD");
    };
    std::string_view parts[3];
    for (std::string_view& part : parts) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) {
            return wrong();
        }
        part = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (parts[0] != "basic" || parts[1].empty() || parts[2].empty()) {
        return wrong();
    }
    return std::optional<HostCredentials>(HostCredentials{
        to_lower(parts[1]), std::string(parts[2]), std::string(text)});
}

std::optional<ContentRange> ContentRange::parse(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) {
        return std::nullopt;
    }
    text = trim(text.substr(unit.size()));
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    ContentRange range;
    range.total = parse_unsigned(text.substr(slash + 1));
    const std::string_view span = text.substr(0, slash);
    if (span == "*") {
        return range;
    }
    range.first = parse_unsigned(span.substr(0, span.find('-')));
    return range.first ? std::optional(range) : std::nullopt;
}

bool is_worth_a_retry(int status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

std::chrono::milliseconds backoff(
    int retry, std::chrono::milliseconds first, std::chrono::seconds server_wish
) {
    if (server_wish > std::chrono::seconds(0)) {
        return std::min<std::chrono::milliseconds>(server_wish, longest_wait);
    }
    std::chrono::milliseconds wait = std::min(first, longest_wait);
    for (int i = 0; i < retry && wait < longest_wait; ++i) {
        wait *= 2;
    }
    return std::min(wait, longest_wait);
}

Result<void> wait_for(std::chrono::milliseconds time, const CancelToken& cancel) {
    constexpr std::chrono::milliseconds slice(20);
    while (true) {
        QUERN_CHECK(cancel.check());
        if (time <= std::chrono::milliseconds(0)) {
            return {};
        }
        const auto now = std::min(time, slice);
        std::this_thread::sleep_for(now);
        time -= now;
    }
}

}  // namespace quern::fetch
