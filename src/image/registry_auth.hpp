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

/// Whether the credentials for the registry at the URL `registry` may be sent to `realm`, which is
/// whatever the registry says. They are bound to its scheme, host and port. Beside that one may:
/// - if both are https, another port of the same host: its certificate proves whose it is, and
///   GitLab has its registry beside itself that way;
/// - if both are https, the token service of a public registry that has one elsewhere;
/// - `trusted_hosts`, "HOST" (at the scheme's own port) or "HOST:PORT", but in clear only for a
///   registry that is spoken to in clear.
/// Errors: usage, unsupported (not two URLs of http or https).
Result<bool> may_see_credentials(
    const std::string& registry,
    const std::string& realm,
    const std::vector<std::string>& trusted_hosts
);

/// Proves to one registry who we are. Credentials go where `may_see_credentials` says and nowhere
/// else. Thread safety: all methods.
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

    std::string url_;
    Credentials credentials_;
    std::vector<std::string> trusted_hosts_;
    fetch::HttpExchanger& http_;
    mutable std::mutex mutex_;
    bool uses_basic_ = false;
    std::map<std::string, std::string> tokens_;  ///< by scope
};

}  // namespace quern::image
