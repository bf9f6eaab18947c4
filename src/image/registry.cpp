// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// An upload is begun with POST, goes on with PATCH pieces and ends with PUT. Where it stands is
// kept in a small file, so that a push that was killed goes on where it was: the registry says how
// much it has. What the registry answers is not trusted with anything but that: blobs and manifests
// are known by digests that we computed.
#include "image/registry.hpp"

#include "fetch/http_policy.hpp"
#include "image/json_text.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

namespace quern::image {
namespace {

constexpr std::string_view binary_type = "application/octet-stream";

/// Four numbers of an address, if the text is one.
std::optional<std::vector<std::uint64_t>> address_of(std::string_view host) {
    std::vector<std::uint64_t> numbers;
    for (const std::string_view part : split(host, '.')) {
        const auto number = parse_unsigned(part);
        if (!number || *number > 255) {
            return std::nullopt;
        }
        numbers.push_back(*number);
    }
    return numbers.size() == 4 ? std::optional(std::move(numbers)) : std::nullopt;
}

/// Source: RFC 1918 3, RFC 1122 3.2.1.3.
bool is_near(std::string_view host) {
    if (host == "localhost" || host == "[::1]" || host.ends_with(".local") ||
        host.ends_with(".localhost")) {
        return true;
    }
    const auto address = address_of(host);
    if (!address) {
        return false;
    }
    const std::uint64_t first = (*address)[0];
    const std::uint64_t second = (*address)[1];
    return first == 127 || first == 10 || (first == 192 && second == 168) ||
           (first == 172 && second >= 16 && second < 32);
}

/// What the registry says went wrong, in its own words, cut short.
std::string said(const fetch::HttpAnswer& answer) {
    const Json json = Json::parse(answer.body, nullptr, false);
    std::string text;
    const auto errors = json.is_object() ? json.find("errors") : json.end();
    if (json.is_object() && errors != json.end() && errors->is_array()) {
        for (const Json& error : *errors) {
            const bool has_message =
                error.is_object() && error.contains("message") && error["message"].is_string();
            if (has_message) {
                text += (text.empty() ? "" : "; ") + error["message"].get<std::string>();
            }
        }
    }
    constexpr std::size_t longest = 200;
    return printable(text.substr(0, longest));
}

/// What to do about an answer that is none that was wanted.
std::string next_move(int status) {
    if (status == 401 || status == 403) {
        return "`docker login` stores the credentials for it";
    }
    if (fetch::is_worth_a_retry(status)) {
        return "what it has stays: push again later to go on";
    }
    if (status == 404) {
        return "is the name right, and may the registry make repositories?";
    }
    return "is this a registry? it serves the OCI distribution API below /v2/";
}

}  // namespace

std::string registry_url(const std::string& registry) {
    const std::size_t end = registry.starts_with('[') ? registry.find(']') + 1 : registry.find(':');
    const std::string host = to_lower(registry.substr(0, end));
    // Docker Hub is named by one host and served by another.
    const std::string served = registry == "index.docker.io" ? "registry-1.docker.io" : registry;
    return (is_near(host) ? "http://" : "https://") + served;
}

Registry::Registry(
    const Reference& reference,
    Credentials credentials,
    RegistryOptions options,
    fetch::HttpExchanger& http,
    const CancelToken& cancel
)
    : reference_(reference),
      name_(reference.repository_name()),
      base_(registry_url(reference.registry)),
      scope_(fmt::format("repository:{}:pull,push", reference.repository)),
      options_(std::move(options)),
      http_(http),
      cancel_(cancel),
      auth_(base_, std::move(credentials), options_.trusted_hosts, http) {}

std::string Registry::url(std::string_view path) const {
    return fmt::format("{}/v2/{}/{}", base_, reference_.repository, path);
}

Error Registry::unexpected(const fetch::HttpAnswer& answer, std::string_view action) const {
    const std::string words = said(answer);
    Error error(
        ErrorCode::network,
        fmt::format(
            "{}: {}: the registry answers {}{}{}",
            name_,
            action,
            answer.status,
            words.empty() ? "" : ": ",
            words
        )
    );
    return std::move(error).help(next_move(answer.status));
}

/// One exchange; a challenge is answered once. Locations may lead to another host: what proves who
/// we are goes to the registry only.
Result<fetch::HttpAnswer> Registry::ask(fetch::HttpCall call) {
    QUERN_TRY(const fetch::Origin own, fetch::Origin::of(base_));
    QUERN_TRY(const fetch::Origin target, fetch::Origin::of(call.url));
    const auto headers = call.headers;
    for (int attempt = 0;; ++attempt) {
        call.headers = headers;
        const std::string proof = own == target ? auth_.header(scope_) : std::string();
        if (!proof.empty()) {
            call.headers.emplace_back("Authorization", proof);
        }
        QUERN_TRY(fetch::HttpAnswer answer, http_.exchange(call, cancel_));
        const auto challenge = Challenge::parse(answer.header("www-authenticate"));
        if (answer.status != 401 || attempt > 0 || own != target || !challenge) {
            return answer;
        }
        QUERN_CHECK(auth_.answer(*challenge, scope_, cancel_));
    }
}

Result<fetch::HttpAnswer> Registry::ask_with_retries(const fetch::HttpCall& call) {
    for (int retry = 0;; ++retry) {
        auto answer = ask(call);
        const bool may_pass = answer ? fetch::is_worth_a_retry(answer->status)
                                     : answer.error().code() == ErrorCode::network;
        if (!may_pass || retry >= options_.retries) {
            if (!answer && answer.error().code() != ErrorCode::interrupted &&
                answer.error().help().empty()) {
                return std::move(answer).error().help(
                    may_pass ? "is the registry there? what it has stays: push again to go on"
                             : next_move(200)
                );
            }
            return answer;
        }
        const auto wish = answer ? parse_unsigned(answer->header("retry-after")) : std::nullopt;
        constexpr std::uint64_t longest = 60;
        QUERN_CHECK(fetch::wait_for(
            fetch::backoff(
                retry,
                options_.first_backoff,
                std::chrono::seconds(std::min(wish.value_or(0), longest))
            ),
            cancel_
        ));
    }
}

Result<bool> Registry::has_blob(const std::string& digest) {
    fetch::HttpCall call;
    call.method = "HEAD";
    call.url = url("blobs/" + digest);
    QUERN_TRY(const fetch::HttpAnswer answer, ask_with_retries(call));
    if (answer.status == 404) {
        return false;
    }
    // A registry that keeps its blobs elsewhere sends there.
    if (answer.status == 200 || answer.status == 307 || answer.status == 302) {
        return true;
    }
    return unexpected(answer, "looking for " + digest);
}

std::filesystem::path Registry::state_path(const std::string& digest) const {
    const std::string key = digest_of(DigestKind::sha256, base_ + " " + name_ + " " + digest).hex();
    return options_.upload_state / key;
}

Result<std::string> Registry::location_of(const fetch::HttpAnswer& answer) const {
    const std::string location = answer.header("location");
    if (location.empty()) {
        return Error(
                   ErrorCode::network,
                   fmt::format("{}: the registry does not say where to upload", name_)
        )
            .help(next_move(200));
    }
    return fetch::resolve_url(base_ + "/", location);
}

/// Empty if the blob was mounted and nothing is to be sent.
Result<std::string> Registry::begin_upload(
    const std::string& digest, const std::string& mount_from
) {
    fetch::HttpCall call;
    call.method = "POST";
    call.url = url("blobs/uploads/");
    if (!mount_from.empty()) {
        call.url += fmt::format("?mount={}&from={}", digest, mount_from);
    }
    QUERN_TRY(const fetch::HttpAnswer answer, ask_with_retries(call));
    if (answer.status == 201) {
        return std::string();
    }
    if (answer.status != 202) {
        return unexpected(answer, "beginning an upload");
    }
    return location_of(answer);
}

/// How many bytes a begun upload has; its location may change. An upload that is gone is not_found.
Result<std::uint64_t> Registry::upload_offset(std::string& location) {
    fetch::HttpCall call;
    call.url = location;
    QUERN_TRY(const fetch::HttpAnswer answer, ask_with_retries(call));
    if (answer.status != 204) {
        return Error(ErrorCode::not_found, "the upload is gone")
            .help("push again: it begins anew, what the registry has is not sent twice");
    }
    if (!answer.header("location").empty()) {
        QUERN_TRY(location, location_of(answer));
    }
    const std::string range = answer.header("range");  // "0-1023", or "bytes=0-1023"
    const std::size_t dash = range.find('-');
    const auto last = dash == std::string::npos
                          ? std::nullopt
                          : parse_unsigned(std::string_view(range).substr(dash + 1));
    return last && *last > 0 ? *last + 1 : 0;
}

Result<void> Registry::finish_upload(const std::string& digest, const std::string& location) {
    fetch::HttpCall call;
    call.method = "PUT";
    call.url = fmt::format(
        "{}{}digest={}", location, location.find('?') == std::string::npos ? "?" : "&", digest
    );
    call.headers = {{"Content-Type", std::string(binary_type)}};
    QUERN_TRY(const fetch::HttpAnswer answer, ask(call));
    if (answer.status != 201) {
        return unexpected(answer, "ending the upload of " + digest);
    }
    const std::string stored = answer.header("docker-content-digest");
    if (!stored.empty() && stored != digest) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format("{}: sent {}, the registry has {}", name_, digest, printable(stored))
        );
    }
    return {};
}

/// Sends what the registry does not have yet, piece by piece.
Result<void> Registry::send(
    const std::string& digest, int fd, std::uint64_t size, std::string location
) {
    QUERN_TRY(std::uint64_t offset, upload_offset(location));
    while (offset < size) {
        const std::uint64_t count = std::min(options_.piece_bytes, size - offset);
        fetch::HttpCall call;
        call.method = "PATCH";
        call.url = location;
        call.file = {fd, offset, count};
        call.headers = {
            {"Content-Type", std::string(binary_type)},
            {"Content-Range", fmt::format("{}-{}", offset, offset + count - 1)}};
        QUERN_TRY(const fetch::HttpAnswer answer, ask(call));
        if (answer.status != 202 && answer.status != 204) {
            return unexpected(answer, "uploading " + digest);
        }
        QUERN_TRY(location, location_of(answer));
        std::ignore = write_file_atomically(
            state_path(digest), location, 0600
        );  // without it: from the start
        offset += count;
    }
    return finish_upload(digest, location);
}

Result<void> Registry::push_blob(
    const std::string& digest, int fd, std::uint64_t size, const std::string& mount_from
) {
    QUERN_TRY(const bool is_there, has_blob(digest));
    if (is_there) {
        return {};
    }
    std::error_code failure;
    std::filesystem::create_directories(options_.upload_state, failure);
    std::string location;
    if (const auto begun = read_file(state_path(digest), 1U << 16U)) {
        location = *begun;
    }
    for (int retry = 0;; ++retry) {
        if (location.empty()) {
            QUERN_TRY(location, begin_upload(digest, retry == 0 ? mount_from : std::string()));
            if (location.empty()) {
                return {};
            }
            std::ignore = write_file_atomically(state_path(digest), location, 0600);  // as above
        }
        auto sent = send(digest, fd, size, location);
        if (sent) {
            std::filesystem::remove(state_path(digest), failure);
            return {};
        }
        const ErrorCode code = sent.error().code();
        const bool may_pass = code == ErrorCode::network || code == ErrorCode::not_found;
        if (!may_pass || retry >= options_.retries) {
            Error error = std::move(sent).error().context(fmt::format("pushing to {}", name_));
            return error.help().empty() ? std::move(error).help(next_move(200)) : std::move(error);
        }
        QUERN_CHECK(fetch::wait_for(
            fetch::backoff(retry, options_.first_backoff, std::chrono::seconds(0)), cancel_
        ));
        const auto last = read_file(state_path(digest), 1U << 16U);
        location = code == ErrorCode::not_found || !last ? std::string() : *last;
    }
}

Result<void> Registry::push_manifest(
    const std::string& name, std::string_view media_type, const std::string& text
) {
    fetch::HttpCall call;
    call.method = "PUT";
    call.url = url("manifests/" + name);
    call.headers = {{"Content-Type", std::string(media_type)}};
    call.body = text;
    QUERN_TRY(const fetch::HttpAnswer answer, ask_with_retries(call));
    if (answer.status != 201) {
        return unexpected(answer, "pushing " + name);
    }
    const std::string own = "sha256:" + digest_of(DigestKind::sha256, text).hex();
    const std::string stored = answer.header("docker-content-digest");
    if (!stored.empty() && stored != own) {
        return Error(
            ErrorCode::digest_mismatch,
            fmt::format("{}: sent {}, the registry has {}", name_, own, printable(stored))
        );
    }
    return {};
}

}  // namespace quern::image
