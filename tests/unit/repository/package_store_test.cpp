// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_store.hpp"

#include "support/atomic_file.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/fetch/loopback_server.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

fetch::HttpClient make_client() {
    auto made = fetch::HttpClient::create("");
    REQUIRE(made);
    return std::move(*made);
}

/// A repository with `hello`, seen as a directory and through a server.
struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path repository = directory.path() / "repo";
    fetch::HttpClient http = make_client();
    fetch::ContentStore content{{directory.path() / "content"}};
    CancelToken cancel;
    fetch::Fetcher fetcher{http, content, cancel, false};
    LoopbackServer server{[this](const LoopbackRequest& request) -> LoopbackReply {
        auto bytes = read_file(repository.string() + request.path);
        return bytes ? LoopbackReply{.body = *bytes} : LoopbackReply{.status = 404};
    }};
    PackageStore store{{directory.path() / "store", false}, fetcher};

    Fixture() { publish_package("the content"); }

    void publish_package(const std::string& text) {
        const auto package = stage_package(directory.path() / "staging", "hello", "1-r0", text);
        REQUIRE(publish(repository, "x86_64", {package}, {}));
    }
    Selected select(bool is_remote) const {
        Selected selected;
        selected.index = std::make_shared<const apk::Index>(read_published(repository));
        selected.entry = &selected.index->entries.at(0);
        selected.location.base = is_remote ? server.url("") : repository.string();
        selected.architecture = "x86_64";
        return selected;
    }
    /// Changes one byte of the file, counted from its end.
    static void damage(const std::filesystem::path& path, std::size_t from_end) {
        auto bytes = read_file(path);
        REQUIRE(bytes);
        char& byte = (*bytes)[bytes->size() - from_end];
        byte = static_cast<char>(byte ^ 1);
        REQUIRE(write_file_atomically(path, *bytes));
    }
    std::filesystem::path object() const {
        return std::filesystem::directory_iterator(directory.path() / "store" / "packages")->path();
    }
};

}  // namespace

TEST_CASE("package_store: local packages are used where they lie", "[repository][package_store]") {
    Fixture f;
    const auto package = f.store.open(f.select(false));
    REQUIRE(package);
    CHECK(package->info().name == "hello");
    CHECK(package->verify_data());
    CHECK_FALSE(std::filesystem::exists(f.directory.path() / "store"));
}

TEST_CASE("package_store: remote packages are downloaded once", "[repository][package_store]") {
    Fixture f;
    REQUIRE(f.store.open(f.select(true)));
    const auto package = f.store.open(f.select(true));
    REQUIRE(package);
    CHECK(package->verify_data());
    CHECK(f.server.requests().size() == 1);
    CHECK(f.server.requests().at(0).path == "/x86_64/hello-1-r0.apk");
}

TEST_CASE(
    "package_store: a package that the index does not name is refused",
    "[repository][package_store]"
) {
    Fixture f;
    const bool is_remote = GENERATE(true, false);
    const Selected selected = f.select(is_remote);
    f.publish_package("something else");
    const auto package = f.store.open(selected);
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::digest_mismatch);
    CHECK(
        package.error().message().find("the index says " + selected.entry->checksum) !=
        std::string::npos
    );
}

TEST_CASE("package_store: a package with other data is refused", "[repository][package_store]") {
    Fixture f;
    Fixture::damage(f.repository / "x86_64" / "hello-1-r0.apk", 20);
    const auto package = f.store.open(f.select(true));
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::digest_mismatch);
    CHECK(names_in(f.directory.path() / "store" / "packages").empty());
}

TEST_CASE("package_store: a damaged object is fetched again", "[repository][package_store]") {
    Fixture f;
    REQUIRE(f.store.open(f.select(true)));
    const std::size_t from_end = GENERATE(as<std::size_t>{}, 1, 20, 200, 400);
    CAPTURE(from_end);
    Fixture::damage(f.object(), from_end);
    const auto package = f.store.open(f.select(true));
    REQUIRE(package);
    CHECK(package->verify_data());
    CHECK(f.server.requests().size() == 2);
}

TEST_CASE("package_store: offline a damaged object is an error", "[repository][package_store]") {
    Fixture f;
    REQUIRE(f.store.open(f.select(true)));
    PackageStore offline{{f.directory.path() / "store", true}, f.fetcher};
    CHECK(offline.open(f.select(true)));
    Fixture::damage(f.object(), 20);
    const auto package = offline.open(f.select(true));
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::digest_mismatch);
    CHECK(f.server.requests().size() == 1);
}

TEST_CASE("package_store: a package that is not there is named", "[repository][package_store]") {
    Fixture f;
    const Selected selected = f.select(true);
    std::filesystem::remove(f.repository / "x86_64" / "hello-1-r0.apk");
    const auto package = f.store.open(selected);
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::not_found);
    CHECK(package.error().message().find("hello-1-r0") != std::string::npos);
}

TEST_CASE("package_store: prefetching brings all remote packages", "[repository][package_store]") {
    Fixture f;
    ThreadPool pool(2);
    RecordingReporter reporter;
    const std::vector<Selected> packages{f.select(true), f.select(false)};
    REQUIRE(f.store.prefetch(packages, pool, reporter, f.cancel));
    CHECK(reporter.events_of("finish: fetching packages: 1 packages").size() == 1);
    CHECK(f.object().extension() == ".apk");
}
