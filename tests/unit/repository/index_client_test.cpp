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
    CHECK((*indexes)[0].index->entries.at(0).name == "b");
    CHECK((*indexes)[0].location.tag == "edge");
    CHECK((*indexes)[0].verified_by == "test.rsa.pub");
    CHECK((*indexes)[1].index->entries.at(0).name == "remote");
    CHECK((*indexes)[2].index->entries.at(0).name == "a");
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
    CHECK(again->at(0).index->entries.at(0).name == "remote");
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
