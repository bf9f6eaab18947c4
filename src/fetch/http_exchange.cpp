// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/http_exchange.hpp"

#include "config.hpp"
#include "fetch/http_curl.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>

namespace quern::fetch {
namespace {

using Curl = Handle<CURL, curl_easy_cleanup>;
using CurlUrl = Handle<CURLU, curl_url_cleanup>;
using CurlList = Handle<curl_slist, curl_slist_free_all>;
using CurlText = Handle<char, curl_free>;

constexpr long stalled_rate = 64;  // bytes a second, as for downloads
constexpr long connect_timeout_seconds = 20;

/// What curl's callbacks work on during one exchange.
struct Exchange {
    const HttpCall& call;
    const CancelToken& cancel;
    HttpAnswer answer;
    std::uint64_t sent = 0;
    std::optional<Error> error;
};

std::size_t on_answer(char* bytes, std::size_t, std::size_t count, void* user) noexcept {
    auto& exchange = *static_cast<Exchange*>(user);
    if (exchange.answer.body.size() + count > exchange.call.answer_bytes) {
        exchange.error.emplace(
            ErrorCode::limit,
            fmt::format("the answer has over {} bytes", exchange.call.answer_bytes)
        );
        return 0;
    }
    exchange.answer.body.append(bytes, count);
    return count;
}

// A status line starts the headers again: what stood before was an interim answer.
std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* user) noexcept {
    constexpr std::size_t most_headers = 1'000;
    auto& headers = static_cast<Exchange*>(user)->answer.headers;
    const std::string_view line = trim(std::string_view(bytes, count));
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        headers.clear();
    } else if (colon != std::string_view::npos && headers.size() < most_headers) {
        headers.emplace_back(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
    return count;
}

std::size_t on_read(char* buffer, std::size_t, std::size_t room, void* user) noexcept {
    auto& exchange = *static_cast<Exchange*>(user);
    const FileBody& file = exchange.call.file;
    if (file.fd < 0) {
        const std::size_t count = exchange.call.body.copy(buffer, room, exchange.sent);
        exchange.sent += count;
        return count;
    }
    const std::uint64_t wanted = std::min<std::uint64_t>(room, file.size - exchange.sent);
    const ssize_t count =
        ::pread(file.fd, buffer, wanted, static_cast<off_t>(file.offset + exchange.sent));
    if (count < 0) {
        const int err = errno;
        exchange.error = Error::system(err, "reading what is sent");
        return CURL_READFUNC_ABORT;
    }
    exchange.sent += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
}

int on_seek(void* user, curl_off_t offset, int) noexcept {
    static_cast<Exchange*>(user)->sent = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return static_cast<Exchange*>(user)->cancel.is_requested() ? 1 : 0;
}

void set_transport(CURL* curl, const HttpCall& call) {
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "quern/" QUERN_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_timeout_seconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, stalled_rate);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(call.stall_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024L);
    curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
}

void set_callbacks(CURL* curl, Exchange& exchange) {
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &on_seek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
}

void set_method(CURL* curl, const HttpCall& call) {
    const std::uint64_t size = call.file.fd < 0 ? call.body.size() : call.file.size;
    if (call.method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (call.method != "GET") {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    }
}

CurlList header_list(const HttpCall& call) {
    CurlList list;
    const auto add = [&](const std::string& line) {
        if (curl_slist* longer = curl_slist_append(list.get(), line.c_str()); longer != nullptr) {
            static_cast<void>(list.release());
            list.reset(longer);
        }
    };
    for (const auto& [name, value] : call.headers) {
        add(fmt::format("{}: {}", name, value));
    }
    add("Expect:");  // some registries never answer it, and curl would wait a second
    return list;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
        return {};
    }
    const CurlText owned(text);
    return text;
}

Error no_url(const std::string& text) {
    return {ErrorCode::usage, fmt::format("'{}' is not a URL", printable(redact_url(text)))};
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    for (const auto& [each, value] : headers) {
        if (each == name) {
            return value;
        }
    }
    return {};
}

struct HttpExchanger::State {
    std::mutex mutex;
    std::vector<Curl> idle;  ///< each with its open connections

    Curl take() {
        const std::lock_guard lock(mutex);
        if (idle.empty()) {
            return Curl(curl_easy_init());
        }
        Curl curl = std::move(idle.back());
        idle.pop_back();
        return curl;
    }
    void give_back(Curl curl) {
        curl_easy_reset(curl.get());
        const std::lock_guard lock(mutex);
        idle.push_back(std::move(curl));
    }
};

HttpExchanger::HttpExchanger(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpExchanger::HttpExchanger(HttpExchanger&&) noexcept = default;
HttpExchanger& HttpExchanger::operator=(HttpExchanger&&) noexcept = default;
HttpExchanger::~HttpExchanger() = default;

Result<HttpExchanger> HttpExchanger::create() {
    QUERN_CHECK(start_curl());
    return HttpExchanger(std::make_unique<State>());
}

Result<HttpAnswer> HttpExchanger::exchange(const HttpCall& call, const CancelToken& cancel) {
    QUERN_CHECK(Origin::of(call.url));
    QUERN_CHECK(cancel.check());
    Curl curl = state_->take();
    if (!curl) {
        return Error(ErrorCode::network, "the curl library does not start");
    }
    Exchange exchange{call, cancel, {}, 0, std::nullopt};
    std::array<char, CURL_ERROR_SIZE> text{};
    set_transport(curl.get(), call);
    set_callbacks(curl.get(), exchange);
    set_method(curl.get(), call);
    const CurlList headers = header_list(call);
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, text.data());
    const CURLcode code = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    state_->give_back(std::move(curl));
    QUERN_CHECK(cancel.check());
    if (exchange.error) {
        return std::move(*exchange.error).context(redact_url(call.url));
    }
    if (code != CURLE_OK) {
        const std::string reason = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
        return Error(
            ErrorCode::network,
            fmt::format("{} {}: {}", call.method, redact_url(call.url), printable(reason))
        );
    }
    exchange.answer.status = static_cast<int>(status);
    return std::move(exchange.answer);
}

Result<Origin> Origin::of(const std::string& url) {
    QUERN_CHECK(start_curl());
    const CurlUrl parsed(curl_url());
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
        CURLUE_OK) {
        return no_url(url);
    }
    Origin origin{
        to_lower(part_of(parsed.get(), CURLUPART_SCHEME, 0)),
        to_lower(part_of(parsed.get(), CURLUPART_HOST, 0)),
        part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
    if (origin.scheme != "http" && origin.scheme != "https") {
        return Error(
            ErrorCode::unsupported,
            fmt::format("'{}' is neither http nor https", printable(redact_url(url)))
        );
    }
    return origin;
}

Result<std::string> resolve_url(const std::string& base, const std::string& reference) {
    QUERN_CHECK(start_curl());
    const CurlUrl parsed(curl_url());
    if (curl_url_set(parsed.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
        curl_url_set(parsed.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) {
        return no_url(reference);
    }
    return part_of(parsed.get(), CURLUPART_URL, 0);
}

}  // namespace quern::fetch
