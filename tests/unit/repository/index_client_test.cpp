// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/index_client.hpp"

#include "support/atomic_file.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/fetch/loopback_server.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

std::string index_bytes(const std::string& name, const apk::PrivateKey* key) {
    apk::Index index;
    apk::IndexEntry entry;
    entry.checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    entry.name = name;
    entry.version = "1-r0";
    entry.architecture = "x86_64";
    index.entries.push_back(entry);
    auto bytes = apk::write_index(index, key);
    REQUIRE(bytes);
    return *bytes;
}

/// So many packages that a table of them is kept.
std::string large_index_bytes(const std::string& name) {
    apk::Index index;
    for (int i = 0; i < 3000; ++i) {
        apk::IndexEntry entry;
        entry.name = i == 0 ? name : "other-" + std::to_string(i);
        entry.version = "1-r0";
        entry.commit = digest_of(DigestKind::sha1, entry.name).hex();
        index.entries.push_back(std::move(entry));
    }
    auto bytes = apk::write_index(index, &test_key());
    REQUIRE(bytes);
    REQUIRE(bytes->size() > 64 * 1024);
    return *bytes;
}

struct Fixture {
    TempDir directory = make_directory();
    TestFetcher net{directory.path()};
    RecordingReporter reporter;
    std::string served = index_bytes("remote", &test_key());
    std::atomic<int> downloads = 0;
    std::atomic<int> status = 200;
    LoopbackServer server{[this](const LoopbackRequest& request) -> LoopbackReply {
        if (request.header("if-none-match") == "\"1\"" && status == 200) {
            return {.status = 304};
        }
        ++downloads;
        return {.status = status, .headers = {{"ETag", "\"1\""}}, .body = served};
    }};

    std::filesystem::path add_local(const std::string& name, const apk::PrivateKey* key) {
        const auto path = directory.path() / name;
        std::filesystem::create_directories(path / "x86_64");
        REQUIRE(write_file_atomically(path / "x86_64" / "APKINDEX.tar.gz", index_bytes(name, key)));
        return path;
    }
    Result<std::vector<RepositoryIndex>> read(
        const std::vector<std::string>& lines, bool ignore = false, bool offline = false
    ) {
        std::vector<Location> locations;
        for (const std::string& line : lines) {
            auto location = Location::parse(line);
            REQUIRE(location);
            locations.push_back(*location);
        }
        IndexClientOptions options;
        options.architecture = "x86_64";
        options.cache_directory = directory.path() / "cache";
        options.ignore_signatures = ignore;
        options.offline = offline;
        return read_indexes(locations, test_keyring(), net.fetcher, options, reporter);
    }
};

}  // namespace

TEST_CASE(
    "index_client: local and remote indexes come in the order of the locations",
    "[repository][index_client]"
) {
    Fixture f;
    const auto a = f.add_local("a", &test_key());
    const auto b = f.add_local("b", &test_key());
    const auto indexes =
        f.read({"@edge " + b.string(), f.server.url("/os"), "file://" + a.string()});
    REQUIRE(indexes);
    REQUIRE(indexes->size() == 3);
    CHECK((*indexes)[0].packages.row(0).name == "b");
    CHECK((*indexes)[0].location.tag == "edge");
    CHECK((*indexes)[0].verified_by == "test.rsa.pub");
    CHECK((*indexes)[1].packages.row(0).name == "remote");
    CHECK((*indexes)[2].packages.row(0).name == "a");
    CHECK(f.server.requests().at(0).path == "/os/x86_64/APKINDEX.tar.gz");
}

TEST_CASE(
    "index_client: a missing local index is skipped with a warning", "[repository][index_client]"
) {
    Fixture f;
    const auto indexes = f.read({(f.directory.path() / "none").string()});
    REQUIRE(indexes);
    CHECK(indexes->empty());
    CHECK(f.reporter.events_of("warning: repository").size() == 1);
}

TEST_CASE(
    "index_client: a repository of apk 3 alone is named as such", "[repository][index_client]"
) {
    Fixture f;
    const auto path = f.add_local("three", &test_key());
    std::filesystem::rename(path / "x86_64" / "APKINDEX.tar.gz", path / "x86_64" / "Packages.adb");
    const auto read = f.read({path.string()});
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::unsupported);
    CHECK(read.error().message().find("Packages.adb") != std::string::npos);
    CHECK(read.error().help().find("--index-format v2,v3") != std::string::npos);
}

TEST_CASE("index_client: a missing remote index is an error", "[repository][index_client]") {
    Fixture f;
    f.status = 404;
    const auto indexes = f.read({f.server.url("/os")});
    REQUIRE_FALSE(indexes);
    CHECK(indexes.error().code() == ErrorCode::not_found);
}

TEST_CASE(
    "index_client: signatures are checked wherever an index comes from",
    "[repository][index_client]"
) {
    Fixture f;
    f.served = index_bytes("remote", nullptr);
    const auto local = f.add_local("a", nullptr);
    const std::string line = GENERATE_COPY(as<std::string>{}, "local", "remote");
    const std::string place = line == "local" ? local.string() : f.server.url("/os");
    const auto indexes = f.read({place});
    REQUIRE_FALSE(indexes);
    CHECK(indexes.error().code() == ErrorCode::signature);
    CHECK(indexes.error().message().find(place) != std::string::npos);
    const auto ignored = f.read({place}, true);
    REQUIRE(ignored);
    CHECK_FALSE(ignored->at(0).verified_by.has_value());
}

TEST_CASE(
    "index_client: an unchanged index is not downloaded twice", "[repository][index_client]"
) {
    Fixture f;
    REQUIRE(f.read({f.server.url("/os")}));
    const auto again = f.read({f.server.url("/os")});
    REQUIRE(again);
    CHECK(again->at(0).packages.row(0).name == "remote");
    CHECK(f.server.requests().size() == 2);
    CHECK(f.downloads == 1);
}

TEST_CASE("index_client: offline the last index is used, or missed", "[repository][index_client]") {
    Fixture f;
    CHECK_FALSE(f.read({f.server.url("/os")}, false, true));
    REQUIRE(f.read({f.server.url("/os")}));
    CHECK(f.read({f.server.url("/os")}, false, true));
    CHECK(f.server.requests().size() == 1);
}

TEST_CASE(
    "index_client: a flipped bit in the cache costs a download", "[repository][index_client]"
) {
    Fixture f;
    REQUIRE(f.read({f.server.url("/os")}));
    for (const auto& entry :
         std::filesystem::directory_iterator(f.directory.path() / "cache" / "indexes")) {
        auto bytes = read_file(entry.path());
        REQUIRE(bytes);
        (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 1);
        REQUIRE(write_file_atomically(entry.path(), *bytes));
    }
    CHECK_FALSE(f.read({f.server.url("/os")}, false, true));
    REQUIRE(f.read({f.server.url("/os")}));
    CHECK(f.downloads == 2);
}

TEST_CASE("index_client: an index that fails its check is not kept", "[repository][index_client]") {
    Fixture f;
    f.served = index_bytes("remote", nullptr);
    REQUIRE_FALSE(f.read({f.server.url("/os")}));
    CHECK_FALSE(f.read({f.server.url("/os")}, true, true));
}

TEST_CASE(
    "index_client: no message and no name in the cache has a password", "[repository][index_client]"
) {
    Fixture f;
    f.status = GENERATE(404, 200);
    const auto indexes =
        f.read({"http://me:canary@127.0.0.1:" + std::to_string(f.server.port()) + "/os"});
    if (!indexes) {
        CHECK(indexes.error().message().find("canary") == std::string::npos);
    } else {
        CHECK(
            names_in(f.directory.path() / "cache" / "indexes").find("canary") == std::string::npos
        );
    }
}

TEST_CASE(
    "index_client: a large index is read from its table once it was read",
    "[repository][index_client]"
) {
    Fixture f;
    f.served = large_index_bytes("remote");
    const std::string url = f.server.url("/os");
    const auto tables = f.directory.path() / "cache" / "tables";
    REQUIRE(f.read({url}));
    REQUIRE(names_in(tables).size() == 64);  // one name
    const auto kept = *std::filesystem::directory_iterator(tables);
    const auto before = std::filesystem::last_write_time(kept);

    SECTION("it is the same again") {
        const auto again = f.read({url});
        REQUIRE(again);
        CHECK(again->at(0).packages.row(0).name == "remote");
        CHECK(again->at(0).packages.size() == 3000);
        CHECK(again->at(0).verified_by == "test.rsa.pub");
        CHECK(std::filesystem::last_write_time(kept) == before);
    }
    SECTION("without the table it is read and kept anew") {
        std::filesystem::remove(kept);
        const auto again = f.read({url}, false, true);
        REQUIRE(again);
        CHECK(again->at(0).packages.size() == 3000);
        CHECK(std::filesystem::exists(kept));
    }
    SECTION("a damaged table is mended") {
        auto bytes = read_file(kept);
        REQUIRE(bytes);
        (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 1);
        const std::string damaged = *bytes;
        REQUIRE(write_file_atomically(kept, damaged));
        const auto again = f.read({url});
        REQUIRE(again);
        CHECK(again->at(0).packages.size() == 3000);
        CHECK(*read_file(kept) != damaged);
    }
}

TEST_CASE("index_client: a table does not lift a signature", "[repository][index_client]") {
    Fixture f;
    const auto local = f.add_local("a", &test_key());
    const auto path = local / "x86_64" / "APKINDEX.tar.gz";
    REQUIRE(write_file_atomically(path, large_index_bytes("good")));
    const auto good = f.read({local.string()});
    REQUIRE(good);
    auto bytes = read_file(path);
    REQUIRE(bytes);
    (*bytes)[bytes->size() - 100] = static_cast<char>((*bytes)[bytes->size() - 100] ^ 1);
    REQUIRE(write_file_atomically(path, *bytes));
    const auto changed = f.read({local.string()});
    REQUIRE_FALSE(changed);
    CHECK(changed.error().code() == ErrorCode::signature);
    REQUIRE(write_file_atomically(path, large_index_bytes("newer")));
    const auto newer = f.read({local.string()});
    REQUIRE(newer);
    CHECK(newer->at(0).packages.row(0).name == "newer");
}
