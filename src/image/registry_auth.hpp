// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/http_exchange.hpp"
#include "image/credentials.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::image {

/// What a WWW-Authenticate header asks for. Source: RFC 9110 11.6.1.
struct Challenge {
    std::string scheme;  ///< in lower case: "basic", "bearer"
    std::map<std::string, std::string> parameters;

    /// Nothing for a text that is none.
    static std::optional<Challenge> parse(std::string_view header);
    std::string parameter(const std::string& name) const;
};

/// Proves to one registry who we are. Credentials go to its own host and to hosts that the user
/// named, never to one that only the registry names. Thread safety: all methods.
class RegistryAuth {
 public:
    /// `url` is the registry's, "https://host:port"; `trusted_hosts` may hand out tokens for it
    /// too.
    RegistryAuth(
        std::string url,
        Credentials credentials,
        std::vector<std::string> trusted_hosts,
        fetch::HttpExchanger& http
    );

    /// Value of the Authorization header for `scope` ("repository:team/img:pull,push"); empty while
    /// the registry has not asked for one.
    std::string header(const std::string& scope) const;
    /// Answers a challenge: afterwards `header` gives what it wants. Errors: network (no token),
    /// unsupported (another scheme), signature (credentials would go to a host that was not named).
    Result<void> answer(
        const Challenge& challenge, const std::string& scope, const CancelToken& cancel
    );

 private:
    Result<std::string> fetch_token(
        const Challenge& challenge, const std::string& scope, const CancelToken& cancel
    );
    Result<bool> may_see_credentials(const std::string& realm) const;

    std::string url_;
    Credentials credentials_;
    std::vector<std::string> trusted_hosts_;
    fetch::HttpExchanger& http_;
    mutable std::mutex mutex_;
    bool uses_basic_ = false;
    std::map<std::string, std::string> tokens_;  ///< by scope
};

}  // namespace quern::image
