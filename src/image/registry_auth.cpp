// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/registry_auth.hpp"

#include "image/json_text.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace quern::image {
namespace {

std::string basic(const Credentials& credentials) {
    const std::string text = credentials.user + ":" + credentials.password;
    return "Basic " +
           to_base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

/// Everything but letters, digits and "-._~" as %XX. Source: RFC 3986 2.3.
std::string url_encoded(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        const bool is_plain = (letter >= 'a' && letter <= 'z') ||
                              (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9') ||
                              std::string_view("-._~").find(letter) != std::string_view::npos;
        out += is_plain ? std::string(1, letter)
                        : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return out;
}

bool is_token_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
}

/// Reads `name=value` or `name="value"` parts that commas separate.
bool read_parameters(std::string_view rest, std::map<std::string, std::string>& parameters) {
    while (!(rest = trim(rest)).empty()) {
        const std::size_t equals = rest.find('=');
        if (equals == std::string_view::npos) {
            return false;
        }
        const std::string name = to_lower(trim(rest.substr(0, equals)));
        rest = trim(rest.substr(equals + 1));
        std::string value;
        if (rest.starts_with('"')) {
            rest.remove_prefix(1);
            while (!rest.empty() && rest.front() != '"') {
                if (rest.front() == '\\' && rest.size() > 1) {
                    rest.remove_prefix(1);
                }
                value += rest.front();
                rest.remove_prefix(1);
            }
            if (rest.empty()) {
                return false;
            }
            rest.remove_prefix(1);
        } else {
            const std::size_t end = std::min(rest.find(','), rest.size());
            value = trim(rest.substr(0, end));
            rest.remove_prefix(end);
        }
        parameters[name] = value;
        rest = trim(rest);
        if (rest.starts_with(',')) {
            rest.remove_prefix(1);
        } else if (!rest.empty()) {
            return false;
        }
    }
    return true;
}

/// Public registries whose tokens are known beforehand to come from elsewhere.
bool is_known_pair(const std::string& registry, const std::string& realm) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> known = {{
        {"index.docker.io", "auth.docker.io"},
        {"registry-1.docker.io", "auth.docker.io"},
        {"registry.gitlab.com", "gitlab.com"},
    }};
    return std::find(
               known.begin(),
               known.end(),
               std::pair<std::string_view, std::string_view>(registry, realm)
           ) != known.end();
}

bool has_own_port(const fetch::Origin& origin) {
    return origin.port == (origin.scheme == "https" ? "443" : "80");
}

/// The token in an answer; empty if there is none. A token that could break the header is none.
std::string token_in(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    for (const char* key : {"token", "access_token"}) {
        const auto found = json.is_object() ? json.find(key) : json.end();
        if (json.is_object() && found != json.end() && found->is_string()) {
            std::string token = found->get<std::string>();
            const bool is_good = std::all_of(token.begin(), token.end(), [](char letter) {
                return letter > ' ' && letter < '\x7f';
            });
            return is_good ? token : std::string();
        }
    }
    return {};
}

}  // namespace

std::optional<Challenge> Challenge::parse(std::string_view header) {
    header = trim(header);
    std::size_t end = 0;
    while (end < header.size() && is_token_letter(header[end])) {
        ++end;
    }
    Challenge challenge;
    challenge.scheme = to_lower(header.substr(0, end));
    if (challenge.scheme.empty() || !read_parameters(header.substr(end), challenge.parameters)) {
        return std::nullopt;
    }
    return challenge;
}

std::string Challenge::parameter(const std::string& name) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
}

RegistryAuth::RegistryAuth(
    std::string url,
    Credentials credentials,
    std::vector<std::string> trusted_hosts,
    fetch::HttpExchanger& http
)
    : url_(std::move(url)),
      credentials_(std::move(credentials)),
      trusted_hosts_(std::move(trusted_hosts)),
      http_(http) {}

std::string RegistryAuth::header(const std::string& scope) const {
    const std::lock_guard lock(mutex_);
    if (uses_basic_) {
        return basic(credentials_);
    }
    const auto token = tokens_.find(scope);
    return token == tokens_.end() ? std::string() : "Bearer " + token->second;
}

Result<void> RegistryAuth::answer(
    const Challenge& challenge, const std::string& scope, const CancelToken& cancel
) {
    if (challenge.scheme == "basic") {
        if (credentials_.user.empty() && credentials_.password.empty()) {
            return Error(
                       ErrorCode::network,
                       fmt::format("{} wants a user and a password, and none are known", url_)
            )
                .help("`docker login` stores them; so do credential helpers");
        }
        const std::lock_guard lock(mutex_);
        uses_basic_ = true;
        return {};
    }
    if (challenge.scheme != "bearer") {
        return Error(
            ErrorCode::unsupported,
            fmt::format("{} wants '{}' authentication", url_, printable(challenge.scheme))
        );
    }
    QUERN_TRY(std::string token, fetch_token(challenge, scope, cancel));
    const std::lock_guard lock(mutex_);
    tokens_[scope] = std::move(token);
    return {};
}

Result<bool> may_see_credentials(
    const std::string& registry,
    const std::string& realm,
    const std::vector<std::string>& trusted_hosts
) {
    QUERN_TRY(const fetch::Origin own, fetch::Origin::of(registry));
    QUERN_TRY(const fetch::Origin other, fetch::Origin::of(realm));
    if (other == own) {
        return true;
    }
    const bool is_secret = other.scheme == "https";
    if (!is_secret && own.scheme == "https") {
        return false;
    }
    // What a registry says in clear may be anybody's word.
    const bool is_proven = is_secret && own.scheme == "https";
    if (is_proven &&
        (other.host == own.host || (has_own_port(other) && is_known_pair(own.host, other.host)))) {
        return true;
    }
    const std::string place = other.host + ":" + other.port;
    return std::any_of(trusted_hosts.begin(), trusted_hosts.end(), [&](const std::string& name) {
        const std::string trusted = to_lower(name);
        return trusted == place || (has_own_port(other) && trusted == other.host);
    });
}

Result<std::string> RegistryAuth::fetch_token(
    const Challenge& challenge, const std::string& scope, const CancelToken& cancel
) {
    const std::string realm = challenge.parameter("realm");
    QUERN_TRY(const bool may_see, may_see_credentials(url_, realm, trusted_hosts_));
    if (!may_see && !credentials_.is_empty()) {
        return Error(
                   ErrorCode::signature,
                   fmt::format(
                       "{} sends to {} for a token; the credentials are not for that place",
                       url_,
                       printable(redact_url(realm))
                   )
        )
            .help("if it belongs to the registry, name it with --trust-auth-host HOST[:PORT]");
    }
    fetch::HttpCall call;
    const std::string service = challenge.parameter("service");
    if (!credentials_.identity_token.empty()) {
        call.method = "POST";
        call.url = realm;
        call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        call.body = fmt::format(
            "grant_type=refresh_token&service={}&client_id=quern&scope={}&refresh_token={}",
            url_encoded(service),
            url_encoded(scope),
            url_encoded(credentials_.identity_token)
        );
    } else {
        call.url = fmt::format(
            "{}{}service={}&scope={}",
            realm,
            realm.find('?') == std::string::npos ? "?" : "&",
            url_encoded(service),
            url_encoded(scope)
        );
        if (!credentials_.is_empty()) {
            call.headers = {{"Authorization", basic(credentials_)}};
        }
    }
    QUERN_TRY(const fetch::HttpAnswer answer, http_.exchange(call, cancel));
    std::string token = answer.status == 200 ? token_in(answer.body) : std::string();
    if (token.empty()) {
        return Error(
                   ErrorCode::network,
                   fmt::format(
                       "{} gives no token for {} (status {})",
                       printable(redact_url(realm)),
                       scope,
                       answer.status
                   )
        )
            .help("`docker login` stores the credentials that it wants");
    }
    return token;
}

}  // namespace quern::image
