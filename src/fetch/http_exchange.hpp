// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/http.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::fetch {

/// Bytes of a file that are sent as a body.
struct FileBody {
    int fd = -1;  ///< must outlive the call; its own offset is neither used nor moved
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// One request of any method. What it holds is sent to the host of `url` and to no other.
struct HttpCall {
    std::string method = "GET";
    std::string url;  ///< http or https
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body;  ///< unless there is a `file`
    FileBody file = {};
    std::uint64_t answer_bytes = std::uint64_t{16} << 20U;  ///< more is an error
    std::chrono::seconds stall_timeout{60};
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;

    /// The first header of that name (lower case), empty if there is none.
    std::string header(std::string_view name) const;
};

/// Talks to servers that keep state, as registries do: one exchange a call, no redirect followed,
/// nothing tried again, no credentials but those in the headers. Connections are kept.
/// Thread safety: all methods.
class HttpExchanger {
 public:
    static Result<HttpExchanger> create();
    HttpExchanger(HttpExchanger&&) noexcept;
    HttpExchanger& operator=(HttpExchanger&&) noexcept;
    HttpExchanger(const HttpExchanger&) = delete;
    HttpExchanger& operator=(const HttpExchanger&) = delete;
    ~HttpExchanger();

    /// Errors: network (no answer), limit (an answer that is too long), usage (not a URL),
    /// interrupted, io (the file). Every status is an answer.
    Result<HttpAnswer> exchange(const HttpCall& call, const CancelToken& cancel);

 private:
    struct State;
    explicit HttpExchanger(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Scheme, host in lower case and port of a URL, the usual port if it has none.
/// Errors: usage, unsupported (neither http nor https).
struct Origin {
    std::string scheme;
    std::string host;
    std::string port;

    static Result<Origin> of(const std::string& url);
    friend bool operator==(const Origin&, const Origin&) = default;
};

/// What `reference` (a URL or a path of one) means at `base`. Errors: usage.
Result<std::string> resolve_url(const std::string& base, const std::string& reference);

}  // namespace quern::fetch
