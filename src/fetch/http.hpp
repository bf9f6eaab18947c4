// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::fetch {

struct HttpLimits {
    std::uint64_t body_bytes = std::uint64_t{8} << 30U;
    int redirects = 10;
    int retries =
        4;  ///< on connection errors, 5xx and 429 (Retry-After is honoured up to a minute)
    std::chrono::milliseconds first_backoff{
        1000};  ///< before the first retry; doubled for each further one
    std::chrono::seconds connect_timeout{20};
    std::chrono::seconds stall_timeout{
        30};  ///< less than 64 bytes a second for that long ends the try
};

struct HttpRequest {
    std::string url;  ///< http or https; credentials in it go to that host only
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::uint64_t resume_from = 0;  ///< bytes at hand; the server may answer with the whole
    HttpLimits limits;
};

struct HttpResponse {
    int status = 0;
    std::string etag;
    std::string last_modified;
    std::string effective_url;
    bool is_partial = false;  ///< 206: the body goes on at `resume_from`
};

using BodySink = std::function<Result<void>(std::string_view bytes)>;
using ProgressSink = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Does HTTP requests; keeps connections. Only http and https, also in redirects; credentials never
/// leave for another host; netrc, HTTP_AUTH and the proxy variables are honoured. Thread safety:
/// all methods.
class HttpClient {
 public:
    /// `environment_auth`: the text of HTTP_AUTH ("basic:host:user:password"), empty if unset.
    /// Errors: usage if it has another form.
    static Result<HttpClient> create(std::string_view environment_auth);
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// GET; the body goes to `sink` as it comes, only for status 200 and 206. `restart` is called
    /// when the body starts from the first byte again: before such a retry, and when a server
    /// answers a request with `resume_from` with the whole. Errors: network (message without
    /// credentials), limit, interrupted, unsupported (scheme), usage (not a URL), what `sink`
    /// gives. A status such as 404 or 304 is a response; 408, 429 and 5xx are tried again and are
    /// errors in the end.
    Result<HttpResponse> get(
        const HttpRequest& request,
        const BodySink& sink,
        const std::function<Result<void>()>& restart,
        const ProgressSink& progress,
        const CancelToken& cancel
    );

 private:
    struct State;
    explicit HttpClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quern::fetch
