// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/fetcher.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/fetch/loopback_server.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

using namespace quern;
using namespace quern::fetch;
using namespace quern::test;
using namespace std::chrono_literals;

namespace {

const std::string content = "the release";

TempDir make_directory() {
    auto made = TempDir::create(std::filesystem::temp_directory_path(), "fetcher.");
    REQUIRE(made);
    return std::move(*made);
}

HttpClient make_client() {
    auto made = HttpClient::create("");
    REQUIRE(made);
    return std::move(*made);
}

struct Fixture {
    TempDir directory = make_directory();
    HttpClient http = make_client();
    ContentStore store{{directory.path() / "cache"}};
    CancelToken cancel;
    RecordingReporter reporter;
    LoopbackServer server{[](const LoopbackRequest& request) {
        return request.path.starts_with("/good") ? LoopbackReply{.body = content}
                                                 : LoopbackReply{.status = 404, .body = "no"};
    }};

    FetchRequest request(const std::string& path) {
        FetchRequest made;
        made.url = server.url(path);
        made.limits.first_backoff = 1ms;
        return made;
    }
    Result<FetchedFile> fetch(const FetchRequest& made, bool offline = false) {
        return Fetcher(http, store, cancel, offline).fetch(made, reporter, 0);
    }
    bool is_store_empty() {
        std::error_code code;
        return std::filesystem::is_empty(directory.path() / "cache", code) || code;
    }
};

std::string read_fd(int fd) {
    std::string text(1000, '\0');
    const ssize_t count = ::read(fd, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

}  // namespace

TEST_CASE("fetcher: a file is fetched, checked and kept for the next time", "[fetch][fetcher]") {
    Fixture f;
    FetchRequest request = f.request("/good.tar.gz");
    request.expected_sha256 = digest_of(DigestKind::sha256, content);
    request.expected_sha512 = digest_of(DigestKind::sha512, content);
    const auto file = f.fetch(request);
    REQUIRE(file);
    CHECK(read_fd(file->fd.get()) == content);
    CHECK(file->size == content.size());
    CHECK_FALSE(file->was_cached);
    CHECK(f.store.find(*request.expected_sha256)->has_value());
    CHECK(f.store.find(*request.expected_sha512)->has_value());
    CHECK(f.reporter.events_of("start: fetching good.tar.gz").size() == 1);

    const auto again = f.fetch(request, true);
    REQUIRE(again);
    CHECK(again->was_cached);
    CHECK(again->sha256 == *request.expected_sha256);
    CHECK(read_fd(again->fd.get()) == content);
    CHECK(f.server.requests().size() == 1);
}

TEST_CASE("fetcher: the other digest is checked of cached files too", "[fetch][fetcher]") {
    Fixture f;
    FetchRequest request = f.request("/good");
    request.expected_sha512 = digest_of(DigestKind::sha512, content);
    REQUIRE(f.fetch(request));
    const auto by_sha512 = f.fetch(request);
    REQUIRE(by_sha512);
    CHECK(by_sha512->was_cached);
    CHECK(by_sha512->sha256 == digest_of(DigestKind::sha256, content));
    request.expected_sha256 = digest_of(DigestKind::sha256, content);
    request.expected_sha512 = digest_of(DigestKind::sha512, "another");
    const auto file = f.fetch(request);
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == ErrorCode::digest_mismatch);
    CHECK(file.error().message().starts_with(f.server.url("/good") + ", kept by its sha256, is"));
}

TEST_CASE("fetcher: bytes with another digest are refused and not kept", "[fetch][fetcher]") {
    Fixture f;
    FetchRequest request = f.request("/good");
    const bool is_long = GENERATE(true, false);
    const auto kind = is_long ? DigestKind::sha512 : DigestKind::sha256;
    (is_long ? request.expected_sha512 : request.expected_sha256) = digest_of(kind, "another");
    const auto file = f.fetch(request);
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == ErrorCode::digest_mismatch);
    CHECK(file.error().message().find(digest_of(kind, content).hex()) != std::string::npos);
    CHECK(file.error().message().find(digest_of(kind, "another").hex()) != std::string::npos);
    CHECK(f.is_store_empty());
}

TEST_CASE("fetcher: mirrors are tried in order", "[fetch][fetcher]") {
    Fixture f;
    FetchRequest request = f.request("/missing");
    request.mirrors = {
        f.server.url("/also-missing"), f.server.url("/good"), f.server.url("/good-too")};
    request.expected_sha256 = digest_of(DigestKind::sha256, content);
    REQUIRE(f.fetch(request));
    CHECK(f.server.requests().size() == 3);

    request.mirrors.resize(1);
    request.expected_sha256 = digest_of(DigestKind::sha256, "another");
    const auto file = f.fetch(request);
    REQUIRE_FALSE(file);
    CHECK(file.error().message().find("/also-missing") != std::string::npos);
}

TEST_CASE("fetcher: a missing file is named", "[fetch][fetcher]") {
    Fixture f;
    const auto file = f.fetch(f.request("/missing"));
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == ErrorCode::not_found);
    CHECK(file.error().message().find("404") != std::string::npos);
}

TEST_CASE("fetcher: offline the digest and the place are named", "[fetch][fetcher]") {
    Fixture f;
    FetchRequest request = f.request("/good");
    request.expected_sha256 = digest_of(DigestKind::sha256, content);
    const auto file = f.fetch(request, true);
    REQUIRE_FALSE(file);
    CHECK(
        file.error().message().find("sha256:" + request.expected_sha256->hex()) != std::string::npos
    );
    CHECK(file.error().help().find((f.directory.path() / "cache").string()) != std::string::npos);
    CHECK(f.server.requests().empty());
}

TEST_CASE("fetcher: only http and https are fetched", "[fetch][fetcher]") {
    Fixture f;
    const auto* url =
        GENERATE("file:///etc/passwd", "/etc/passwd", "ftp://host/x", "", "dict://host/x");
    CAPTURE(url);
    FetchRequest request;
    request.url = url;
    const auto file = f.fetch(request);
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == ErrorCode::unsupported);
}

TEST_CASE(
    "fetcher: a file without a digest is fetched each time and kept by its own", "[fetch][fetcher]"
) {
    Fixture f;
    REQUIRE(f.fetch(f.request("/good")));
    const auto file = f.fetch(f.request("/good"));
    REQUIRE(file);
    CHECK_FALSE(file->was_cached);
    CHECK(f.server.requests().size() == 2);
    CHECK(f.store.find(digest_of(DigestKind::sha256, content))->has_value());
}

TEST_CASE("fetcher: a download goes on where the last call stopped", "[fetch][fetcher]") {
    Fixture f;
    const std::size_t half = 2U << 20U;
    std::string whole;
    for (int i = 0; whole.size() < 2 * half; ++i) {
        whole += std::to_string(i);
    }
    std::atomic<bool> is_cut = true;
    const LoopbackServer server([&](const LoopbackRequest& request) {
        const std::size_t start = request.range_start();
        LoopbackReply reply{.body = whole.substr(start)};
        if (is_cut) {
            reply.cut_after = half;
        }
        if (start > 0) {
            reply.status = 206;
            reply.headers.emplace_back(
                "Content-Range",
                "bytes " + std::to_string(start) + "-" + std::to_string(whole.size() - 1) + "/" +
                    std::to_string(whole.size())
            );
        }
        return reply;
    });
    FetchRequest request = f.request("/");
    request.url = server.url("/file");
    request.limits.retries = 0;
    request.expected_sha256 = digest_of(DigestKind::sha256, whole);
    const auto cut = f.fetch(request);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code() == ErrorCode::network);
    CHECK_FALSE(f.store.find(*request.expected_sha256)->has_value());

    is_cut = false;
    SECTION("the rest is asked for, and the whole checked") {
        const auto file = f.fetch(request);
        REQUIRE(file);
        CHECK(file->size == whole.size());
        REQUIRE(server.requests().size() == 2);
        CHECK(server.requests().back().range_start() == half);
        CHECK(f.store.find(*request.expected_sha256)->has_value());
    }
    SECTION("a beginning of something else costs one more try") {
        for (const auto& left : std::filesystem::directory_iterator(f.directory.path() / "cache")) {
            std::ofstream(left.path()) << std::string(half, 'x');
        }
        REQUIRE(f.fetch(request));
        REQUIRE(server.requests().size() == 3);
        CHECK(server.requests().back().range_start() == 0);
    }
    const auto again = f.fetch(request);
    REQUIRE(again);
    CHECK(again->was_cached);
    for (const auto& left : std::filesystem::directory_iterator(f.directory.path() / "cache")) {
        CHECK(left.path().extension() != ".part");
    }
}
