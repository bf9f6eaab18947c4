// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/http.hpp"

#include "support/text.hpp"
#include "unit/fetch/loopback_server.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>

using namespace quern;
using namespace quern::fetch;
using namespace quern::test;
using namespace std::chrono_literals;

namespace {

HttpLimits quick() {
    HttpLimits limits;
    limits.first_backoff = 1ms;
    return limits;
}

/// One request with everything that came of it.
struct Got {
    Result<HttpResponse> response = HttpResponse();
    std::string body;
    int restarts = 0;

    std::string error() const { return response ? "" : response.error().message(); }
    ErrorCode code() const { return response.error().code(); }
};

Got get(
    const HttpRequest& request,
    const CancelToken& cancel = CancelToken(),
    std::string_view auth = ""
) {
    Got got;
    auto client = HttpClient::create(auth);
    REQUIRE(client);
    got.response = client->get(
        request,
        [&got](std::string_view bytes) -> Result<void> {
            got.body.append(bytes);
            return {};
        },
        [&got]() -> Result<void> {
            got.body.clear();
            ++got.restarts;
            return {};
        },
        {},
        cancel
    );
    return got;
}

Got get(const std::string& url, std::string_view auth = "") {
    return get({.url = url, .headers = {}, .limits = quick()}, CancelToken(), auth);
}

LoopbackReply redirect_to(const std::string& location) {
    return {.status = 302, .headers = {{"Location", location}}};
}

/// Serves a part of `content` as a server does that knows ranges.
LoopbackReply part_of(
    const std::string& content, const LoopbackRequest& request, const std::string& etag
) {
    const std::size_t start = request.range_start();
    const bool is_current =
        request.header("if-range").empty() || request.header("if-range") == etag;
    if (start == 0 || !is_current) {
        return {.headers = {{"ETag", etag}}, .body = content};
    }
    if (start >= content.size()) {
        return {
            .status = 416,
            .headers = {{"Content-Range", fmt::format("bytes */{}", content.size())}}};
    }
    const std::string range =
        fmt::format("bytes {}-{}/{}", start, content.size() - 1, content.size());
    return {
        .status = 206,
        .headers = {{"Content-Range", range}, {"ETag", etag}},
        .body = content.substr(start)};
}

const std::string content = [] {
    std::string text;
    for (int i = 0; i < 40000; ++i) {
        text += static_cast<char>('a' + i % 23);
    }
    return text;
}();

}  // namespace

TEST_CASE("http: a body and its headers arrive", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) {
        return LoopbackReply{
            .headers = {{"ETag", "\"x\""}, {"Last-Modified", "yesterday"}}, .body = content};
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.response->status == 200);
    CHECK(got.response->etag == "\"x\"");
    CHECK(got.response->last_modified == "yesterday");
    CHECK(got.body == content);
    CHECK(server.requests().at(0).header("user-agent").starts_with("quern/"));
    CHECK(server.requests().at(0).header("accept-encoding").empty());
}

TEST_CASE("http: a missing file is an answer and its page is not the body", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) {
        return LoopbackReply{.status = 404, .body = "no such thing"};
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.response->status == 404);
    CHECK(got.body.empty());
    CHECK(server.requests().size() == 1);
}

TEST_CASE("http: an endless error page is not read", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) {
        return LoopbackReply{
            .status = 404, .body = content, .without_length = true, .endless = true};
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.response->status == 404);
}

TEST_CASE("http: a server in trouble is asked again", "[fetch][http]") {
    std::atomic<int> count = 0;
    LoopbackServer server([&count](const LoopbackRequest&) {
        return ++count < 3 ? LoopbackReply{.status = 503} : LoopbackReply{.body = "done"};
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.body == "done");
    CHECK(server.requests().size() == 3);
}

TEST_CASE("http: a server says when it wants to be asked again", "[fetch][http]") {
    const int status = GENERATE(429, 503);
    const char* const wish = GENERATE("1", "Thu, 01 Jan 1970 00:00:01 GMT");
    CAPTURE(status, wish);
    const bool is_past = std::string(wish) != "1";
    std::atomic<int> count = 0;
    LoopbackServer server([&](const LoopbackRequest&) {
        return ++count == 1 ? LoopbackReply{.status = status, .headers = {{"Retry-After", wish}}}
                            : LoopbackReply{.body = "done"};
    });
    // Longer than the server wants, and shorter than a date that has passed can mean.
    HttpRequest request = {.url = server.url("/file"), .limits = quick()};
    request.limits.first_backoff = is_past ? 1ms : 50s;
    const auto start = std::chrono::steady_clock::now();
    const Got got = get(request);
    const auto took = std::chrono::steady_clock::now() - start;
    REQUIRE(got.response);
    CHECK(got.body == "done");
    CHECK(took < 40s);
    CHECK((is_past || took >= 1s));
    CHECK(server.requests().size() == 2);
}

TEST_CASE("http: a server that stays in trouble is an error after the retries", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.status = 500}; });
    const Got got = get(server.url("/file"));
    REQUIRE_FALSE(got.response);
    CHECK(got.code() == ErrorCode::network);
    CHECK(got.error().find("500") != std::string::npos);
    CHECK(server.requests().size() == 5);
}

TEST_CASE("http: a connection that breaks goes on where it was", "[fetch][http]") {
    std::atomic<int> count = 0;
    LoopbackServer server([&count](const LoopbackRequest& request) {
        LoopbackReply reply = part_of(content, request, "\"1\"");
        if (++count < 4) {
            reply.cut_after = reply.body.size() / 3;
        }
        return reply;
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.response->status == 200);
    CHECK_FALSE(got.response->is_partial);
    CHECK(got.body == content);
    CHECK(got.restarts == 0);
    REQUIRE(server.requests().size() == 4);
    CHECK(server.requests().at(1).range_start() == content.size() / 3);
    CHECK(server.requests().at(1).header("if-range") == "\"1\"");
}

TEST_CASE("http: a file that changes while it is fetched is fetched anew", "[fetch][http]") {
    std::atomic<int> count = 0;
    LoopbackServer server([&count](const LoopbackRequest& request) {
        if (++count == 1) {
            LoopbackReply reply = part_of(content, request, "\"old\"");
            reply.cut_after = 1000;
            return reply;
        }
        return part_of("another file", request, "\"new\"");
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.body == "another file");
    CHECK(got.restarts == 1);
}

TEST_CASE("http: without anything to compare a broken download starts over", "[fetch][http]") {
    std::atomic<int> count = 0;
    LoopbackServer server([&count](const LoopbackRequest&) {
        LoopbackReply reply{.body = content};
        reply.cut_after = ++count == 1 ? std::optional<std::size_t>(1000) : std::nullopt;
        return reply;
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.body == content);
    CHECK(got.restarts == 1);
    CHECK(server.requests().at(1).header("range").empty());
}

TEST_CASE(
    "http: a server that sends another part than asked for is asked for all", "[fetch][http]"
) {
    std::atomic<int> count = 0;
    LoopbackServer server([&count](const LoopbackRequest& request) {
        LoopbackReply reply = part_of(content, request, "\"1\"");
        if (++count == 1) {
            reply.cut_after = 1000;
        } else if (count == 2) {
            reply.headers[0].second = "bytes 500-39999/40000";
        }
        return reply;
    });
    const Got got = get(server.url("/file"));
    REQUIRE(got.response);
    CHECK(got.body == content);
    CHECK(got.restarts == 1);
}

TEST_CASE("http: a download goes on where an earlier one ended", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest& request) {
        return part_of(content, request, "\"1\"");
    });
    const auto [start, status, is_partial, size, restarts] =
        GENERATE(table<std::size_t, int, bool, std::size_t, int>({
            {1000, 206, true, 39000, 0},
            {40000, 206, true, 0, 0},      // all was there
            {50000, 200, false, 40000, 1}  // what was there cannot be a part of it
        }));
    CAPTURE(start);
    const Got got =
        get({.url = server.url("/file"), .headers = {}, .resume_from = start, .limits = quick()});
    REQUIRE(got.response);
    CHECK(got.response->status == status);
    CHECK(got.response->is_partial == is_partial);
    CHECK(got.body.size() == size);
    CHECK(got.restarts == restarts);
}

TEST_CASE("http: a body over the limit is refused, announced or not", "[fetch][http]") {
    const bool is_announced = GENERATE(true, false);
    CAPTURE(is_announced);
    LoopbackServer server([is_announced](const LoopbackRequest&) {
        LoopbackReply reply{.body = content, .endless = true};
        reply.announced_length = std::uint64_t{100} << 30U;
        reply.without_length = !is_announced;
        return reply;
    });
    HttpLimits limits = quick();
    limits.body_bytes = 100000;
    const Got got = get({.url = server.url("/file"), .headers = {}, .limits = limits});
    REQUIRE_FALSE(got.response);
    CHECK(got.code() == ErrorCode::limit);
    CHECK(got.response.error().help().find("--max-download-bytes") != std::string::npos);
    CHECK(got.body.size() <= 100000);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("http: an announced length that is not reached is an error", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) {
        LoopbackReply reply{.body = "short"};
        reply.announced_length = 10;
        return reply;
    });
    const Got got = get(server.url("/file"));
    REQUIRE_FALSE(got.response);
    CHECK(got.code() == ErrorCode::network);
}

TEST_CASE("http: redirects are followed to http only", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest& request) {
        return request.path == "/from" ? redirect_to("/to") : LoopbackReply{.body = "there"};
    });
    const Got got = get(server.url("/from"));
    REQUIRE(got.response);
    CHECK(got.body == "there");
    CHECK(got.response->effective_url == server.url("/to"));

    const auto* location =
        GENERATE("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x");
    CAPTURE(location);
    LoopbackServer evil([location](const LoopbackRequest&) { return redirect_to(location); });
    const Got refused = get(evil.url("/from"));
    REQUIRE_FALSE(refused.response);
    CHECK(refused.code() == ErrorCode::unsupported);
}

TEST_CASE("http: a loop of redirects ends", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) { return redirect_to("/again"); });
    const Got got = get(server.url("/again"));
    REQUIRE_FALSE(got.response);
    CHECK(got.error().find("more than 10 times") != std::string::npos);
    CHECK(server.requests().size() == 11);
}

TEST_CASE("http: credentials of a URL go to its host and nowhere else", "[fetch][http]") {
    LoopbackServer other([](const LoopbackRequest&) { return LoopbackReply{.body = "there"}; });
    const std::string target = GENERATE(as<std::string>{}, "127.0.0.1", "localhost");
    LoopbackServer server([&](const LoopbackRequest&) {
        return redirect_to(other.url("/to", target));
    });
    const std::string url = fmt::format("http://me:canary@127.0.0.1:{}/from", server.port());
    const Got got = get(
        {.url = url,
         .headers = {{"Authorization", "Bearer canary"}, {"X-Plain", "y"}},
         .limits = quick()}
    );
    REQUIRE(got.response);
    CHECK(got.response->effective_url.find("canary") == std::string::npos);
    CHECK_FALSE(server.requests().at(0).header("authorization").empty());
    CHECK(other.requests().at(0).header("authorization").empty());
    CHECK(other.requests().at(0).header("x-plain") == "y");
}

TEST_CASE(
    "http: credentials do not come back after a redirect through another host", "[fetch][http]"
) {
    std::string back;
    LoopbackServer other([&back](const LoopbackRequest&) { return redirect_to(back); });
    LoopbackServer server([&other](const LoopbackRequest& request) {
        return request.path == "/from" ? redirect_to(other.url("/x"))
                                       : LoopbackReply{.body = "there"};
    });
    back = server.url("/secret");
    const Got got = get(fmt::format("http://me:canary@127.0.0.1:{}/from", server.port()));
    REQUIRE(got.response);
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests().at(1).header("authorization").empty());
}

TEST_CASE("http: credentials in the target of a redirect are dropped", "[fetch][http]") {
    LoopbackServer other([](const LoopbackRequest&) { return LoopbackReply{.body = "there"}; });
    LoopbackServer server([&other](const LoopbackRequest&) {
        return redirect_to(fmt::format("http://you:given@127.0.0.1:{}/to", other.port()));
    });
    REQUIRE(get(server.url("/from")).response);
    CHECK(other.requests().at(0).header("authorization").empty());
}

TEST_CASE("http: HTTP_AUTH is for the host that it names", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
    REQUIRE(get(server.url("/x"), "basic:127.0.0.1:me:word").response);
    CHECK(server.requests().at(0).header("authorization") == "Basic bWU6d29yZA==");
    REQUIRE(get(server.url("/x"), "basic:example.org:me:word").response);
    CHECK(server.requests().at(1).header("authorization").empty());
}

TEST_CASE("http: no message has the password of a URL", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest& request) {
        return request.path == "/loop" ? redirect_to("/loop") : LoopbackReply{.status = 500};
    });
    const std::string pattern = GENERATE(
        as<std::string>{},
        "http://me:canary@127.0.0.1:PORT/x",
        "http://me:canary@127.0.0.1:PORT/loop",
        "http://me:canary@127.0.0.1:1/refused",
        "ftp://me:canary@127.0.0.1/x",
        "http://me:canary@127.0.0.1:port/x",
        "http://me:canary@exa mple.org/x",
        "http://me:can/ary@host/x",
        "http://127.0.0.1:1/x?token=canary"
    );
    const std::string url = replace_all(pattern, "PORT", std::to_string(server.port()));
    CAPTURE(url);
    const Got got = get(url);
    REQUIRE_FALSE(got.response);
    CHECK(got.error().find("canary") == std::string::npos);
    CHECK(got.error().find("ary@") == std::string::npos);
}

TEST_CASE("http: a stop is obeyed while the server is silent", "[fetch][http]") {
    CancelToken cancel;
    LoopbackServer server([&cancel](const LoopbackRequest&) {
        cancel.request();
        return LoopbackReply{.body = "x", .announced_length = 100, .hang = true};
    });
    const Got got = get({.url = server.url("/x"), .headers = {}, .limits = quick()}, cancel);
    REQUIRE_FALSE(got.response);
    CHECK(got.code() == ErrorCode::interrupted);
}

TEST_CASE("http: a server that goes silent ends the try", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) {
        return LoopbackReply{.body = "x", .announced_length = 100, .hang = true};
    });
    HttpLimits limits = quick();
    limits.retries = 0;
    limits.stall_timeout = 1s;
    const Got got = get({.url = server.url("/x"), .headers = {}, .limits = limits});
    REQUIRE_FALSE(got.response);
    CHECK(got.code() == ErrorCode::network);
}

TEST_CASE("http: an error of the sink ends the request", "[fetch][http]") {
    LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.body = content}; });
    auto client = HttpClient::create("");
    REQUIRE(client);
    const auto response = client->get(
        {.url = server.url("/x"), .headers = {}, .limits = quick()},
        [](std::string_view) -> Result<void> { return Error(ErrorCode::io, "no space"); },
        [] { return Result<void>(); },
        {},
        CancelToken()
    );
    REQUIRE_FALSE(response);
    CHECK(response.error().code() == ErrorCode::io);
    CHECK(server.requests().size() == 1);
}
