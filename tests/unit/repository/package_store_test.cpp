// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/package_store.hpp"

#include "archive/tar_reader.hpp"
#include "support/atomic_file.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/fetch/loopback_server.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

/// A repository with `hello`, seen as a directory and through a server.
struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path repository = directory.path() / "repo";
    TestFetcher net{directory.path()};
    LoopbackServer server{[this](const LoopbackRequest& request) -> LoopbackReply {
        auto bytes = read_file(repository.string() + request.path);
        return bytes ? LoopbackReply{.body = *bytes} : LoopbackReply{.status = 404};
    }};
    PackageStore store{{directory.path() / "store", false}, net.fetcher};

    Fixture() { publish_package("the content"); }

    void publish_package(const std::string& text) {
        const auto package = stage_package(directory.path() / "staging", "hello", "1-r0", text);
        REQUIRE(publish(repository, "x86_64", {package}, {}));
    }
    Selected select(bool is_remote, std::size_t number = 0) const {
        Selected selected;
        selected.entry =
            std::make_shared<const apk::IndexEntry>(read_published(repository).entries.at(number));
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
        return std::filesystem::directory_iterator(directory.path() / "store")->path();
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
    CHECK(names_in(f.directory.path() / "store").empty());
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
    PackageStore offline{{f.directory.path() / "store", true}, f.net.fetcher};
    CHECK(offline.open(f.select(true)));
    Fixture::damage(f.object(), 20);
    const auto package = offline.open(f.select(true));
    REQUIRE_FALSE(package);
    CHECK(package.error().code() == ErrorCode::digest_mismatch);
    CHECK(f.server.requests().size() == 1);
}

TEST_CASE(
    "package_store: a damaged object that is found while it is read is fetched again",
    "[repository][package_store]"
) {
    Fixture f;
    REQUIRE(f.store.open(f.select(true)));
    const std::size_t from_end = GENERATE(as<std::size_t>{}, 1, 20, 200, 400);
    CAPTURE(from_end);
    Fixture::damage(f.object(), from_end);
    const std::vector<Selected> list{f.select(true)};
    ThreadPool pool(2);
    RecordingReporter reporter;
    REQUIRE(f.store.prefetch(list, pool, reporter, f.net.cancel, DataCheck::while_reading));
    // Damage of the sections in front is found before.
    const bool is_found = f.server.requests().size() == 2;
    CHECK((!is_found || from_end >= 200));
    int calls = 0;
    std::string got;
    const auto read = f.store.read(list[0], [&](const apk::PackageFile& package) {
        ++calls;
        got.clear();
        return package.read_data(
            [&](const archive::TarEntry&, archive::TarReader& content) -> Result<void> {
                QUERN_TRY(const std::string text, content.read_all(1000));
                got += text;
                return {};
            }
        );
    });
    REQUIRE(read);
    CHECK(got == "the content");
    CHECK(calls == (is_found ? 1 : 2));
    CHECK(f.server.requests().size() == 2);
}

TEST_CASE("package_store: reading hashes a kept object once", "[repository][package_store]") {
    Fixture f;
    REQUIRE(f.store.open(f.select(true)));
    PackageStore offline{{f.directory.path() / "store", true}, f.net.fetcher};
    Fixture::damage(f.object(), 20);
    bool was_called = false;
    const auto read = offline.read(f.select(true), [&](const apk::PackageFile& package) {
        was_called = true;  // the damage is not known yet
        return package.verify_data();
    });
    CHECK(was_called);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::digest_mismatch);
    CHECK(read.error().message().find("offline") != std::string::npos);
}

TEST_CASE(
    "package_store: what a reader says of a whole package is told", "[repository][package_store]"
) {
    Fixture f;
    const bool is_remote = GENERATE(true, false);
    if (is_remote) {
        REQUIRE(f.store.open(f.select(true)));
    }
    const auto read =
        f.store.read(f.select(is_remote), [](const apk::PackageFile&) -> Result<void> {
            return Error(ErrorCode::invalid_data, "no");
        });
    REQUIRE_FALSE(read);
    CHECK(read.error().message() == "no");
    CHECK(f.server.requests().size() == (is_remote ? 1 : 0));
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
    REQUIRE(f.store.prefetch(packages, pool, reporter, f.net.cancel));
    CHECK(reporter.events_of("finish: fetching packages: 1 packages").size() == 1);
    CHECK(f.object().extension() == ".apk");
}

TEST_CASE(
    "package_store: what was not used for longest is dropped", "[repository][package_store]"
) {
    Fixture f;
    const auto other = stage_package(f.directory.path() / "staging", "more", "1-r0", "other");
    REQUIRE(publish(f.repository, "x86_64", {other}, {}));
    Selected selected = f.select(true);
    REQUIRE(f.store.open(selected));
    std::filesystem::last_write_time(
        f.object(), std::filesystem::last_write_time(f.object()) - std::chrono::hours(48)
    );
    const struct timespec old = {1, 0};
    const struct timespec times[2] = {old, old};
    REQUIRE(::utimensat(AT_FDCWD, f.object().c_str(), times, 0) == 0);
    PackageStore small{
        {.directory = f.directory.path() / "store", .size_limit = 5000}, f.net.fetcher};
    selected = f.select(true, 1);
    ThreadPool pool(1);
    RecordingReporter reporter;
    REQUIRE(small.prefetch({&selected, 1}, pool, reporter, f.net.cancel));
    CHECK(names_in(f.directory.path() / "store").size() == 44);  // one name
    PackageStore offline{{f.directory.path() / "store", true}, f.net.fetcher};
    CHECK(offline.open(selected));
    CHECK_FALSE(offline.open(f.select(true)));
}

TEST_CASE(
    "package_store: packages come in parallel, at most so many", "[repository][package_store]"
) {
    Fixture f;
    std::vector<StagedPackage> staged;
    for (int i = 0; i < 12; ++i) {
        const std::string name = "p" + std::to_string(i);
        staged.push_back(stage_package(f.directory.path() / "staging", name, "1-r0", name));
    }
    REQUIRE(publish(f.repository, "x86_64", staged, {}));
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    LoopbackServer counting([&](const LoopbackRequest& request) -> LoopbackReply {
        const int mine = ++now;
        for (int seen = most; seen < mine && !most.compare_exchange_weak(seen, mine);) {
        }
        auto bytes = read_file(f.repository.string() + request.path);
        REQUIRE(bytes);
        --now;
        return {.body = *bytes};
    });
    std::vector<Selected> wanted;
    for (std::size_t i = 0; i < read_published(f.repository).entries.size(); ++i) {
        Selected selected = f.select(true, i);
        selected.location.base = counting.url("");
        wanted.push_back(selected);
    }
    PackageStore store{
        {.directory = f.directory.path() / "store", .parallel_downloads = 3}, f.net.fetcher};
    ThreadPool pool(1);
    RecordingReporter reporter;
    REQUIRE(store.prefetch(wanted, pool, reporter, f.net.cancel));
    CHECK(counting.requests().size() == 13);
    CHECK(most <= 3);
}
