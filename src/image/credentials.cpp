// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/credentials.hpp"

#include "image/json_text.hpp"
#include "support/child_process.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace quern::image {
namespace {

constexpr std::string_view hub = "index.docker.io";
constexpr std::string_view hub_key = "https://index.docker.io/v1/";

/// How configurations call a registry; older ones write URLs.
std::vector<std::string> keys_of(const std::string& host) {
    std::vector<std::string> keys = {host, "https://" + host, "https://" + host + "/v2/"};
    if (host == hub) {
        keys.insert(keys.begin(), {std::string(hub_key), "docker.io"});
    }
    return keys;
}

std::string text_of(const Json& object, const char* key) {
    if (!object.is_object()) {
        return {};
    }
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json part_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : Json::object();
}

bool is_helper_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
    });
}

Result<Credentials> ask_helper(
    const std::string& name,
    const std::string& key,
    const CredentialSources& sources,
    const CancelToken& cancel
) {
    if (!is_helper_name(name)) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("'{}' cannot be the name of a credential helper", printable(name))
        );
    }
    ProcessOptions options;
    options.argv = {"docker-credential-" + name, "get"};
    options.environment.assign(sources.environment.begin(), sources.environment.end());
    options.standard_input = key;
    options.merge_stderr = false;
    QUERN_TRY(const CapturedOutput done, run_captured(options, cancel));
    if (!done.status.is_success()) {
        const std::string said = done.output + done.error_output;
        if (said.find("credentials not found") != std::string::npos) {
            return Credentials();
        }
        return Error(
            ErrorCode::io,
            fmt::format(
                "docker-credential-{}: {}: {}",
                name,
                done.status.describe(),
                printable(said.substr(0, said.find('\n')))
            )
        );
    }
    const Json answer = Json::parse(done.output, nullptr, false);
    Credentials credentials;
    credentials.user = text_of(answer, "Username");
    credentials.password = text_of(answer, "Secret");
    if (credentials.user == "<token>") {
        credentials.identity_token = std::move(credentials.password);
        credentials = {.user = {}, .password = {}, .identity_token = credentials.identity_token};
    }
    return credentials;
}

Result<Credentials> of_entry(const Json& entry) {
    Credentials credentials{
        text_of(entry, "username"), text_of(entry, "password"), text_of(entry, "identitytoken")};
    if (const std::string packed = text_of(entry, "auth"); !packed.empty()) {
        const auto text = from_base64(packed);
        const std::size_t colon = text ? text->find(':') : std::string::npos;
        if (colon == std::string::npos) {
            return Error(ErrorCode::invalid_data, "an entry of `auths` is not user:password");
        }
        credentials.user = text->substr(0, colon);
        credentials.password = text->substr(colon + 1);
    }
    return credentials;
}

Result<Credentials> of_config(
    const std::string& host,
    const Json& config,
    const CredentialSources& sources,
    const CancelToken& cancel
) {
    const Json helpers = part_of(config, "credHelpers");
    const Json auths = part_of(config, "auths");
    const std::string store = text_of(config, "credsStore");
    for (const std::string& key : keys_of(host)) {
        std::string helper = text_of(helpers, key.c_str());
        if (helper.empty() && !store.empty()) {
            helper = store;
        }
        if (!helper.empty()) {
            QUERN_TRY(Credentials credentials, ask_helper(helper, key, sources, cancel));
            if (!credentials.is_empty()) {
                return credentials;
            }
        }
        if (const auto entry = auths.find(key); entry != auths.end()) {
            QUERN_TRY(Credentials credentials, of_entry(*entry));
            if (!credentials.is_empty()) {
                return credentials;
            }
        }
    }
    return Credentials();
}

}  // namespace

CredentialSources CredentialSources::of_process() {
    CredentialSources sources;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    const auto value = [&](const char* name) {
        const auto found = sources.environment.find(name);
        return found == sources.environment.end() ? std::string() : found->second;
    };
    if (const std::string directory = value("DOCKER_CONFIG"); !directory.empty()) {
        sources.docker_config = std::filesystem::path(directory) / "config.json";
    } else if (const std::string home = value("HOME"); !home.empty()) {
        sources.docker_config = std::filesystem::path(home) / ".docker" / "config.json";
    }
    return sources;
}

Result<Credentials> find_credentials(
    const std::string& host,
    const CredentialSources& sources,
    const FileReader& reader,
    const CancelToken& cancel
) {
    if (!sources.docker_config.empty() && reader.exists(sources.docker_config)) {
        const std::string path = sources.docker_config.string();
        QUERN_TRY(const std::string text, reader.read(sources.docker_config));
        const Json config = Json::parse(text, nullptr, false);
        if (!config.is_object()) {
            return Error(ErrorCode::invalid_data, fmt::format("{} is not JSON", path));
        }
        auto found = of_config(host, config, sources, cancel);
        if (!found) {
            return std::move(found).error().context(fmt::format("reading {}", path));
        }
        if (!found->is_empty()) {
            return found;
        }
    }
    const auto token = sources.environment.find("GITHUB_TOKEN");
    if (host == "ghcr.io" && token != sources.environment.end() && !token->second.empty()) {
        return Credentials{"unset", token->second, {}};
    }
    return Credentials();
}

}  // namespace quern::image
