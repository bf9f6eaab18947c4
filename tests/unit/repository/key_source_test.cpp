// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/key_source.hpp"

#include "support/atomic_file.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/fetch/loopback_server.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

struct Fixture {
    TempDir directory = make_directory();
    TestFetcher net{directory.path()};
    std::string served = public_pem();
    LoopbackServer server{[this](const LoopbackRequest& request) -> LoopbackReply {
        return request.path.starts_with("/a.rsa.pub") ? LoopbackReply{.body = served}
                                                      : LoopbackReply{.status = 404};
    }};

    std::string write(const std::string& name, const std::string& text) {
        const auto path = directory.path() / name;
        std::filesystem::create_directories(path.parent_path());
        REQUIRE(write_file_atomically(path, text));
        return path.string();
    }
    Result<std::vector<TrustedKey>> read(
        const std::vector<std::string>& places, bool offline = false
    ) {
        return read_keys(places, HttpCache(directory.path() / "cache", net.fetcher, offline));
    }
};

std::string other_public_pem() {
    static const apk::PrivateKey key = *apk::PrivateKey::generate("other.rsa", 2048);
    return key.public_key()->to_pem();
}

}  // namespace

TEST_CASE("key_source: keys come from files, directories and URLs", "[repository][key_source]") {
    Fixture f;
    f.write("keys/two.pub", other_public_pem());
    f.write("keys/one.pub", public_pem());
    f.write("keys/README", "no key");
    const std::string file = f.write("team.rsa.pub", public_pem());
    const auto keys =
        f.read({file, (f.directory.path() / "keys").string(), f.server.url("/a.rsa.pub?x=1")});
    REQUIRE(keys);
    std::string names;
    for (const TrustedKey& key : *keys) {
        names += key.name + " ";
    }
    CHECK(names == "team.rsa.pub one.pub two.pub a.rsa.pub ");
    CHECK(make_keyring(*keys).names().size() == 4);
}

TEST_CASE("key_source: a key from a URL works offline afterwards", "[repository][key_source]") {
    Fixture f;
    const std::string url = f.server.url("/a.rsa.pub");
    const auto missed = f.read({url}, true);
    REQUIRE_FALSE(missed);
    CHECK(missed.error().code() == ErrorCode::network);
    REQUIRE(f.read({url}));
    const auto kept = f.read({url}, true);
    REQUIRE(kept);
    CHECK(kept->at(0).pem == public_pem());
    CHECK(f.server.requests().size() == 1);
}

TEST_CASE("key_source: what is no key is refused by its place", "[repository][key_source]") {
    Fixture f;
    auto [name, text] = GENERATE(table<std::string, std::string>({
        {"garbage.pub", std::string("\x00\xff\x01", 3)},
        {"empty.pub", ""},
        {"elliptic.pub", elliptic_public_pem()},
        {"private.pub", private_pem()},
        {"small.pub", small_public_pem()},
        {"large.pub", std::string(100'000, 'x')},
        {"two.pub", public_pem() + public_pem()},
    }));
    CAPTURE(name);
    const auto keys = f.read({f.write(name, text)});
    REQUIRE_FALSE(keys);
    CHECK_THAT(keys.error().message(), Catch::Contains("reading the key") && Catch::Contains(name));
    CHECK_THAT(keys.error().message(), !Catch::Contains("PRIVATE"));
    f.served = text;
    const auto remote = f.read({f.server.url("/a.rsa.pub")});
    REQUIRE_FALSE(remote);
    CHECK_FALSE(f.read({f.server.url("/a.rsa.pub")}, true));
}

TEST_CASE(
    "key_source: a key's text in place of its name is not echoed", "[repository][key_source]"
) {
    Fixture f;
    const auto keys = f.read({private_pem()});
    REQUIRE_FALSE(keys);
    CHECK(keys.error().code() == ErrorCode::usage);
    CHECK_THAT(keys.error().message(), !Catch::Contains("BEGIN"));
}

TEST_CASE("key_source: two keys of one name are refused", "[repository][key_source]") {
    Fixture f;
    const auto first = f.write("a/x.pub", public_pem());
    const auto second = f.write("b/x.pub", other_public_pem());
    const auto keys = f.read({first, second});
    REQUIRE_FALSE(keys);
    CHECK_THAT(
        keys.error().message(),
        Catch::Contains("two different keys called x.pub") && Catch::Contains(first) &&
            Catch::Contains(second)
    );
    const auto same = f.read({first, f.write("c/x.pub", public_pem())});
    REQUIRE(same);
    CHECK(same->size() == 1);
}

TEST_CASE("key_source: a password in a URL is not told", "[repository][key_source]") {
    Fixture f;
    std::string url = f.server.url("/missing.pub");
    url.insert(url.find("127"), "user:canary@");
    const auto keys = f.read({url});
    REQUIRE_FALSE(keys);
    CHECK(keys.error().code() == ErrorCode::not_found);
    CHECK_THAT(keys.error().message(), !Catch::Contains("canary"));
}
