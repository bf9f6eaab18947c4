// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/key_discovery.hpp"

#include "repository/key_set.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace quern::repository {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_answer = std::uint64_t{4} << 20U;

std::string text_of(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// True if nobody on the way can change the answer.
bool is_protected(std::string_view url) {
    if (url.starts_with("https://")) {
        return true;
    }
    for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
        const std::string_view rest = url.substr(std::min(host.size(), url.size()));
        if (url.starts_with(host) && (rest.empty() || rest[0] == ':' || rest[0] == '/')) {
            return true;
        }
    }
    return false;
}

/// VERSION of "…/alpine/VERSION/REPO".
std::optional<std::string> alpine_version(std::string_view base) {
    const auto parts = split(base, '/');
    if (parts.size() < 6 || parts[parts.size() - 3] != "alpine") {
        return std::nullopt;
    }
    return std::string(parts[parts.size() - 2]);
}

/// "%40" and the like; what is no escape stays.
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int code = 0;
        const char* begin = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(begin, begin + 2, code, 16).ptr == begin + 2) {
            plain += static_cast<char>(code);
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

/// Asks one server after the other.
class Discoverer {
 public:
    Discoverer(const HttpCache& cache, const DiscoveryOptions& options, Reporter& reporter)
        : cache_(cache), options_(options), reporter_(reporter) {}

    Result<void> ask(const Location& location) {
        if (!location.is_remote()) {
            return {};
        }
        if (!is_protected(location.base)) {
            reporter_.note(fmt::format(
                "{} is not asked for its keys: without https anybody on the way could answer",
                location.shown()
            ));
            return {};
        }
        if (const auto version = alpine_version(location.base)) {
            QUERN_CHECK(ask_alpine(*version));
        }
        return ask_repository(location);
    }

    std::vector<TrustedKey> take() { return std::move(keys_); }

 private:
    /// Nothing if the server has no such file, or offline if it was never fetched.
    Result<std::optional<std::string>> fetch(const std::string& url) {
        auto body = cache_.get(url, largest_answer);
        if (!body) {
            return cache_.is_offline() ? Result<std::optional<std::string>>(std::nullopt)
                                       : std::move(body).error();
        }
        if (body->status != 200) {
            return std::optional<std::string>();
        }
        QUERN_CHECK(cache_.keep(*body));
        return std::optional<std::string>(std::move(body->bytes));
    }

    Result<void> add(KeyText key, const std::string& place) {
        key.place = place;
        key.is_discovered = true;
        const std::string name = key.name;
        QUERN_CHECK(add_key(keys_, std::move(key)));
        reporter_.note(fmt::format(
            "trusting the key {} that {} names", printable(name), printable(redact_url(place))
        ));
        return {};
    }

    Result<void> ask_alpine(const std::string& version) {
        const std::string& url = options_.alpine_releases_url;
        QUERN_TRY(const auto text, fetch(url));
        if (!text) {
            return {};
        }
        const Json json = Json::parse(*text, nullptr, false);
        if (!json.is_object() || !json.contains("release_branches") ||
            !json["release_branches"].is_array()) {
            return Error(
                ErrorCode::invalid_data, fmt::format("{} is no list of releases", redact_url(url))
            );
        }
        for (const Json& branch : json["release_branches"]) {
            if (text_of(branch, "rel_branch") == version) {
                QUERN_CHECK(take_branch(branch));
            }
        }
        return {};
    }

    Result<void> take_branch(const Json& branch) {
        const auto keys = branch.find("keys");
        if (keys == branch.end() || !keys->is_object() || !keys->contains(options_.architecture)) {
            return {};
        }
        for (const Json& key : (*keys)[options_.architecture]) {
            const auto end = Timestamp::parse_rfc3339(text_of(key, "deprecated_since"));
            const std::string url = text_of(key, "url");
            if ((end && end->seconds() <= options_.now) || !is_protected(url)) {
                continue;
            }
            QUERN_TRY(auto pem, fetch(url));
            if (pem) {
                const std::string name = unescape(url.substr(url.rfind('/') + 1));
                QUERN_CHECK(add({name, {}, std::move(*pem), true}, url));
            }
        }
        return {};
    }

    Result<void> ask_repository(const Location& location) {
        const std::string url = location.base + "/apk-configuration";
        auto text = fetch(url);
        if (!text) {
            return is_final(text.error()) ? Result<void>(std::move(text).error())
                                          : complain(url, text.error().message());
        }
        if (!*text) {
            return {};
        }
        const Json json = Json::parse(**text, nullptr, false);
        const std::string set_url = json.is_discarded() ? "" : text_of(json, "jwks_uri");
        if (!is_protected(set_url)) {
            return complain(url, "it names no key set at an https URL");
        }
        return take_set(set_url);
    }

    Result<void> take_set(const std::string& url) {
        auto text = fetch(url);
        if (!text) {
            return is_final(text.error()) ? Result<void>(std::move(text).error())
                                          : complain(url, text.error().message());
        }
        if (!*text) {
            return complain(url, "there is no such file");
        }
        auto keys = parse_key_set(**text);
        if (!keys) {
            return complain(url, keys.error().message());
        }
        for (SetKey& key : *keys) {
            QUERN_CHECK(add({key.id + ".rsa.pub", {}, std::move(key.pem), true}, url));
        }
        return {};
    }

    static bool is_final(const Error& error) { return error.code() == ErrorCode::interrupted; }

    Result<void> complain(const std::string& url, std::string_view problem) {
        reporter_.warning(fmt::format(
            "no key was found by {}: {}", printable(redact_url(url)), printable(problem)
        ));
        return {};
    }

    const HttpCache& cache_;
    const DiscoveryOptions& options_;
    Reporter& reporter_;
    std::vector<TrustedKey> keys_;
};

}  // namespace

Result<std::vector<TrustedKey>> discover_keys(
    std::span<const Location> locations,
    const HttpCache& cache,
    const DiscoveryOptions& options,
    Reporter& reporter
) {
    Discoverer discoverer(cache, options, reporter);
    for (const Location& location : locations) {
        auto asked = discoverer.ask(location);
        if (!asked) {
            return std::move(asked).error().context(
                fmt::format("looking for the keys of {}", location.shown())
            );
        }
    }
    return discoverer.take();
}

Result<std::vector<TrustedKey>> gather_keys(
    std::span<const std::string> places,
    std::span<const Location> locations,
    const HttpCache& cache,
    const DiscoveryOptions& options,
    Reporter& reporter
) {
    QUERN_TRY(std::vector<TrustedKey> keys, read_keys(places, cache));
    const bool may_ask = options.when == KeyDiscovery::always ||
                         (options.when == KeyDiscovery::when_no_key && keys.empty());
    if (may_ask) {
        QUERN_TRY(auto found, discover_keys(locations, cache, options, reporter));
        for (TrustedKey& key : found) {
            QUERN_CHECK(add_key(keys, std::move(key)));
        }
    }
    return keys;
}

}  // namespace quern::repository
