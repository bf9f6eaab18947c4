// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Three loops, one in the other: `HttpClient::get` repeats a request that failed in a way that may
// pass, `follow` goes from redirect to redirect, `perform` does one exchange. Redirects are
// followed here and not by curl, because the scheme must be checked and credentials dropped at
// every hop. What was delivered to the caller is counted in Transfer::offset, so that a retry asks
// for the rest only; `If-Range` makes the server send the whole if the file changed in between.
#include "fetch/http.hpp"

#include "config.hpp"
#include "fetch/http_curl.hpp"
#include "fetch/http_policy.hpp"
#include "fetch/http_transfer.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace quern::fetch {

namespace {

using Curl = Handle<CURL, curl_easy_cleanup>;
using CurlUrl = Handle<CURLU, curl_url_cleanup>;
using CurlList = Handle<curl_slist, curl_slist_free_all>;
using CurlText = Handle<char, curl_free>;

/// Under this many bytes a second a transfer counts as stalled: a server that drips bytes must not
/// hold us up for ever.
constexpr long stalled_rate = 64;
/// A URL taken apart. Only these go to curl: no user name and no password in `url`.
struct Target {
    std::string url;
    std::string scheme;
    std::string host;
    std::string port;
    std::string user;
    std::string password;

    bool has_same_origin(const Target& other) const {
        return scheme == other.scheme && host == other.host && port == other.port;
    }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
        return {};
    }
    const CurlText owned(text);
    return text;
}

/// A text that is no URL has no certain place for its password: all before the last '@' goes.
std::string show_broken(const std::string& text) {
    const std::string shown = redact_url(text);
    const std::size_t at = shown.rfind('@');
    return printable(at == std::string::npos ? shown : "***" + shown.substr(at));
}

Result<Target> parse_target(const std::string& text) {
    const CurlUrl url(curl_url());
    const CURLUcode code =
        curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) {
        return Error(
            ErrorCode::usage,
            fmt::format("'{}' is not a URL: {}", show_broken(text), curl_url_strerror(code))
        );
    }
    Target target;
    target.scheme = to_lower(part_of(url.get(), CURLUPART_SCHEME, 0));
    if (target.scheme != "http" && target.scheme != "https") {
        return Error(
            ErrorCode::unsupported,
            fmt::format(
                "'{}' has the scheme '{}'; only http and https are fetched",
                redact_url(text),
                target.scheme
            )
        );
    }
    target.host = to_lower(part_of(url.get(), CURLUPART_HOST, 0));
    target.port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    target.user = part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE);
    target.password = part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
    curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    target.url = part_of(url.get(), CURLUPART_URL, CURLU_URLENCODE);
    return target;
}

/// True for errors of the connection, false for those that come back each time (certificates, a
/// broken URL).
bool is_passing(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return true;
        default:
            return false;
    }
}

/// What curl's callbacks work on during one call of `get`.
struct Call {
    HttpTransfer transfer;
    const CancelToken& cancel;
    CURL* curl = nullptr;
    std::optional<Error> error;
};

std::string header_of(CURL* curl, const char* name) {
    curl_header* found = nullptr;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) {
        return {};
    }
    return std::string(trim(found->value));
}

ExchangeHead head_of(CURL* curl) {
    ExchangeHead head;
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    head.status = static_cast<int>(code);
    head.etag = header_of(curl, "etag");
    head.last_modified = header_of(curl, "last-modified");
    head.content_range = header_of(curl, "content-range");
    curl_off_t length = -1;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) {
        head.content_length = static_cast<std::uint64_t>(length);
    }
    return head;
}

Result<void> take_body(Call& call, std::string_view bytes) {
    if (!call.transfer.has_body_begun()) {
        QUERN_CHECK(call.transfer.begin_body(head_of(call.curl)));
    }
    return call.transfer.take(bytes);
}

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) noexcept {
    auto& call = *static_cast<Call*>(user);
    if (auto taken = take_body(call, {bytes, count}); !taken) {
        call.error = std::move(taken).error();
        return 0;
    }
    return call.transfer.has_enough() ? 0 : count;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return static_cast<Call*>(user)->cancel.is_requested() ? 1 : 0;
}

CurlList make_list(const std::vector<std::string>& lines) {
    CurlList list;
    for (const std::string& line : lines) {
        if (curl_slist* longer = curl_slist_append(list.get(), line.c_str()); longer != nullptr) {
            static_cast<void>(list.release());
            list.reset(longer);
        }
    }
    return list;
}

/// Certificates in other places than the system's, as the curl program takes them.
struct CertificatePlaces {
    std::string file;
    std::string directory;

    static CertificatePlaces from_environment() {
        const auto variable = [](const char* name) {
            const char* value =
                std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, at the start
            return std::string(value == nullptr ? "" : value);
        };
        CertificatePlaces places{variable("CURL_CA_BUNDLE"), variable("SSL_CERT_DIR")};
        if (places.file.empty()) {
            places.file = variable("SSL_CERT_FILE");
        }
        return places;
    }
};

}  // namespace

struct HttpClient::State {
    std::optional<HostCredentials> environment_auth;
    CertificatePlaces certificates;
    std::mutex mutex;
    std::vector<Curl> idle;  ///< each with its open connections

    /// What one exchange came to.
    struct Outcome {
        CURLcode code = CURLE_OK;
        std::string text;  ///< of the error
        ExchangeHead head;
        std::string url;
        std::string location;  ///< of a redirect
        std::chrono::seconds server_wish{0};
    };

    Curl take();
    void give_back(Curl curl);
    void set_options(Call& call, const HttpLimits& limits) const;
    void set_credentials(CURL* curl, const Target& first) const;
    Outcome perform(
        Call& call, const HttpLimits& limits, const Target& target, const Target* credentials
    ) const;
    Result<Outcome> follow(Call& call, const HttpRequest& request, const Target& first) const;
    Result<HttpResponse> get(Call& call, const HttpRequest& request, const Target& target) const;
};

Curl HttpClient::State::take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) {
        return Curl(curl_easy_init());
    }
    Curl curl = std::move(idle.back());
    idle.pop_back();
    return curl;
}

void HttpClient::State::give_back(Curl curl) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(curl));
}

void HttpClient::State::set_options(Call& call, const HttpLimits& limits) const {
    CURL* curl = call.curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_UNRESTRICTED_AUTH, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "quern/" QUERN_VERSION);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024L);
    const auto connect_timeout = std::chrono::milliseconds(limits.connect_timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, stalled_rate);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &call);
    if (!certificates.file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, certificates.file.c_str());
    }
    if (!certificates.directory.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAPATH, certificates.directory.c_str());
    }
}

void HttpClient::State::set_credentials(CURL* curl, const Target& first) const {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    if (!first.user.empty() || !first.password.empty()) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, first.user.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, first.password.c_str());
    } else if (environment_auth && environment_auth->host == first.host) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, environment_auth->user.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, environment_auth->password.c_str());
    } else {
        curl_easy_setopt(curl, CURLOPT_NETRC, CURL_NETRC_OPTIONAL);
        if (const char* file = std::getenv("NETRC"); file != nullptr && *file != '\0') {
            curl_easy_setopt(curl, CURLOPT_NETRC_FILE, file);  // else ~/.netrc
        }
    }
}

/// `credentials` is null where nothing secret may go.
HttpClient::State::Outcome HttpClient::State::perform(
    Call& call, const HttpLimits& limits, const Target& target, const Target* credentials
) const {
    CURL* curl = call.curl;
    std::array<char, CURL_ERROR_SIZE> text{};
    set_options(call, limits);
    curl_easy_setopt(curl, CURLOPT_URL, target.url.c_str());
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text.data());
    if (credentials != nullptr) {
        set_credentials(curl, *credentials);
    }
    const CurlList headers = make_list(call.transfer.header_lines(credentials != nullptr));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    call.transfer.begin_exchange();
    call.error.reset();

    Outcome outcome;
    outcome.code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    outcome.text = text[0] != '\0' ? text.data() : curl_easy_strerror(outcome.code);
    outcome.head = head_of(curl);
    outcome.url = target.url;
    char* location = nullptr;
    if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location) == CURLE_OK &&
        location != nullptr) {
        outcome.location = location;
    }
    curl_off_t wish = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wish);
    outcome.server_wish = std::chrono::seconds(wish);
    if (outcome.code == CURLE_WRITE_ERROR && !call.error) {
        outcome.code = CURLE_OK;  // enough of an error page was read
    }
    return outcome;
}

/// Goes to where redirects lead. The errors that are returned are final.
Result<HttpClient::State::Outcome> HttpClient::State::follow(
    Call& call, const HttpRequest& request, const Target& first
) const {
    Target target = first;
    // Credentials go to the scheme, host and port that the caller named; once another one had a
    // word, to none any more.
    bool is_own_host = true;
    for (int hop = 0; hop <= request.limits.redirects; ++hop) {
        Outcome outcome = perform(call, request.limits, target, is_own_host ? &first : nullptr);
        if (outcome.code == CURLE_OK && !call.transfer.has_body_begun()) {
            QUERN_CHECK(call.transfer.begin_body(outcome.head));
        }
        if (call.error && !call.transfer.has_wrong_range()) {
            return std::move(*call.error);
        }
        QUERN_CHECK(call.cancel.check());
        if (outcome.location.empty()) {
            return outcome;
        }
        auto next = parse_target(outcome.location);
        if (!next) {
            return std::move(next).error().context(redact_url(request.url) + " redirects");
        }
        target = std::move(*next);
        is_own_host = is_own_host && target.has_same_origin(first);
    }
    const int most = request.limits.redirects;
    return Error(
        ErrorCode::network,
        fmt::format("{} redirects more than {} times", redact_url(request.url), most)
    );
}

/// Repeats until there is an answer. Only connection errors and statuses that may pass are worth
/// it.
Result<HttpResponse> HttpClient::State::get(
    Call& call, const HttpRequest& request, const Target& target
) const {
    for (int retry = 0;; ++retry) {
        QUERN_TRY(Outcome outcome, follow(call, request, target));
        const int status = outcome.head.status;
        const bool has_answer = outcome.code == CURLE_OK;
        if (has_answer && !call.transfer.has_odd_range(status) && !is_worth_a_retry(status)) {
            return call.transfer.settle(outcome.head, std::move(outcome.url));
        }
        if (call.transfer.is_complete(outcome.head)) {
            return call.transfer.settle(outcome.head, std::move(outcome.url));
        }
        const bool may_pass =
            has_answer || call.transfer.has_wrong_range() || is_passing(outcome.code);
        if (!may_pass || retry >= request.limits.retries) {
            const std::string reason =
                has_answer ? fmt::format("the server answers {}", status) : printable(outcome.text);
            const std::string shown = redact_url(request.url);
            return Error(ErrorCode::network, fmt::format("fetching {}: {}", shown, reason));
        }
        QUERN_CHECK(call.transfer.prepare_retry(outcome.head));
        const auto wait = backoff(retry, request.limits.first_backoff, outcome.server_wish);
        QUERN_CHECK(wait_for(wait, call.cancel));
    }
}

Result<void> start_curl() {
    QUERN_CHECK(load_library("libcurl.so.4", "libcurl4"));
    // Since curl 7.84 this is safe from several threads.
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    return started == CURLE_OK ? Result<void>()
                               : Error(ErrorCode::network, "the curl library does not start");
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::create(std::string_view environment_auth) {
    auto state = std::make_unique<State>();
    QUERN_TRY(state->environment_auth, HostCredentials::parse(environment_auth));
    state->certificates = CertificatePlaces::from_environment();
    return HttpClient(std::move(state));
}

Result<HttpResponse> HttpClient::get(
    const HttpRequest& request,
    const BodySink& sink,
    const std::function<Result<void>()>& restart,
    const ProgressSink& progress,
    const CancelToken& cancel
) {
    QUERN_CHECK(start_curl());
    QUERN_TRY(const Target target, parse_target(request.url));
    QUERN_CHECK(cancel.check());
    Curl curl = state_->take();
    if (!curl) {
        return Error(ErrorCode::network, "the curl library does not start");
    }
    Call call{HttpTransfer(request, sink, restart, progress), cancel, curl.get(), std::nullopt};
    auto result = state_->get(call, request, target);
    state_->give_back(std::move(curl));
    return result;
}

}  // namespace quern::fetch
