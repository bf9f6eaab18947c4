// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/http.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::fetch {

/// What the headers of one answer say.
struct ExchangeHead {
    int status = 0;
    std::string etag;
    std::string last_modified;
    std::string content_range;
    std::optional<std::uint64_t> content_length;
};

/// One call of HttpClient::get from its first try to its last: what was delivered, and what to ask
/// for next. Knows no transport.
class HttpTransfer {
 public:
    /// What is given must outlive it.
    HttpTransfer(
        const HttpRequest& request,
        const BodySink& sink,
        const std::function<Result<void>()>& restart,
        const ProgressSink& progress
    );

    /// Lines of the next exchange; credentials and cookies of the caller only `with_secrets`.
    std::vector<std::string> header_lines(bool with_secrets) const;
    void begin_exchange();
    /// Looks at the headers before the body. Errors: limit, network (another part than was asked
    /// for), what `restart` gives.
    Result<void> begin_body(const ExchangeHead& head);
    bool has_body_begun() const { return has_body_begun_; }
    /// Bytes of the body, counted as they come: the announced length may be a lie.
    Result<void> take(std::string_view bytes);
    /// True once so much of an error page came that no more is worth reading.
    bool has_enough() const;

    /// Whether everything came before: the answer to a request for what is behind the end.
    bool is_complete(const ExchangeHead& head) const;
    /// Before an exchange is repeated: goes back to the start if the parts might not fit together.
    Result<void> prepare_retry(const ExchangeHead& head);
    /// The answer was to another range than asked for; the next try asks for everything.
    bool has_odd_range(int status) const {
        return has_wrong_range_ || (status == 416 && offset_ > 0);
    }
    bool has_wrong_range() const { return has_wrong_range_; }
    /// What the caller sees: the status of its own request, not that of a retry which fetched the
    /// rest.
    HttpResponse settle(const ExchangeHead& head, std::string effective_url) const;

 private:
    Result<void> start_over();
    Error over_limit() const;

    const HttpRequest& request_;
    const BodySink& sink_;
    const std::function<Result<void>()>& restart_;
    const ProgressSink& progress_;
    std::uint64_t offset_ = 0;  ///< of the next byte that the caller gets
    bool started_over_ = false;
    std::string validator_;  ///< for If-Range: a strong ETag or a date of the body that was begun

    // of the current exchange
    bool has_body_begun_ = false;
    bool takes_body_ = false;
    bool has_wrong_range_ = false;
    std::uint64_t total_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace quern::fetch
