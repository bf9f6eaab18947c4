// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/key_discovery.hpp"

#include "repository/key_set.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"
#include "tests/support/recording_reporter.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/fetch/loopback_server.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/repository/test_fetcher.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

/// Modulus of the test key, taken out of its PEM: behind the header of 33 bytes stand 256 bytes.
std::string modulus() {
    const std::string& pem = public_pem();
    std::string base64;
    for (const auto line : split(pem, '\n')) {
        base64 += line.starts_with("-----") ? "" : std::string(line);
    }
    const auto bytes = from_base64(base64);
    REQUIRE(bytes);
    const std::string number = bytes->substr(33, 256);
    std::string text =
        to_base64({reinterpret_cast<const std::uint8_t*>(number.data()), number.size()});
    text = replace_all(replace_all(text, "+", "-"), "/", "_");
    return text.substr(0, text.find('='));
}

std::string key_set(const std::string& id) {
    return fmt::format(
        R"({{"keys":[{{"kty":"EC","kid":"e"}},{{"kty":"RSA","kid":"{}","n":"{}","e":"AQAB"}}]}})",
        id,
        modulus()
    );
}

struct Fixture {
    TempDir directory = make_directory();
    TestFetcher net{directory.path()};
    RecordingReporter reporter;
    std::map<std::string, std::string> files;
    LoopbackServer server{[this](const LoopbackRequest& request) -> LoopbackReply {
        const auto found = files.find(request.path);
        return found == files.end() ? LoopbackReply{.status = 404}
                                    : LoopbackReply{.body = found->second};
    }};
    DiscoveryOptions options{
        .architecture = "x86_64", .now = 1'000'000, .alpine_releases_url = server.url("/releases")};

    Result<std::vector<TrustedKey>> gather(
        const std::string& base, const std::vector<std::string>& places = {}
    ) {
        const auto location = Location::parse(base);
        REQUIRE(location);
        const HttpCache cache(directory.path() / "cache", net.fetcher, false);
        return gather_keys(places, {&*location, 1}, cache, options, reporter);
    }
    std::string named_key() {
        const auto path = directory.path() / "named.rsa.pub";
        REQUIRE(write_file_atomically(path, public_pem()));
        return path.string();
    }
    void serve_set(const std::string& id) {
        files["/os/apk-configuration"] = fmt::format(R"({{"jwks_uri":"{}"}})", server.url("/set"));
        files["/set"] = key_set(id);
    }
};

}  // namespace

TEST_CASE("key_discovery: a repository names its key set", "[repository][key_discovery]") {
    Fixture f;
    f.serve_set("wolfi-signing");
    const auto keys = f.gather(f.server.url("/os"));
    REQUIRE(keys);
    REQUIRE(keys->size() == 1);
    CHECK(keys->at(0).name == "wolfi-signing.rsa.pub");
    CHECK(keys->at(0).is_discovered);
    CHECK(keys->at(0).pem == public_pem());
    CHECK(f.reporter.events_of("note: trusting the key wolfi-signing.rsa.pub").size() == 1);
}

TEST_CASE("key_discovery: Alpine's list gives keys of a release", "[repository][key_discovery]") {
    Fixture f;
    const std::string good = f.server.url("/keys/alpine%40lists-1.rsa.pub");
    f.files["/releases"] = fmt::format(
        R"({{"release_branches":[{{"rel_branch":"v3.19"}},{{"rel_branch":"v3.20","keys":{{"x86_64":[)"
        R"({{"url":"{}","deprecated_since":"1970-02-01T00:00:00Z"}},)"
        R"({{"url":"{}","deprecated_since":"1970-01-02T00:00:00Z"}}],"aarch64":[{{"url":"x"}}]}}}}]}})",
        good,
        f.server.url("/keys/old.rsa.pub")
    );
    f.files["/keys/alpine%40lists-1.rsa.pub"] = public_pem();
    const auto keys = f.gather(f.server.url("/alpine/v3.20/main"));
    REQUIRE(keys);
    REQUIRE(keys->size() == 1);
    CHECK(keys->at(0).name == "alpine@lists-1.rsa.pub");
}

TEST_CASE("key_discovery: a key that was named is not overruled", "[repository][key_discovery]") {
    Fixture f;
    f.serve_set("other");
    const std::string named = f.named_key();
    const auto keys = f.gather(f.server.url("/os"), {named});
    REQUIRE(keys);
    CHECK(keys->size() == 1);
    CHECK(f.server.requests().empty());
    f.options.when = KeyDiscovery::always;
    const auto more = f.gather(f.server.url("/os"), {named});
    REQUIRE(more);
    CHECK(more->size() == 2);
    f.options.when = KeyDiscovery::never;
    const auto none = f.gather(f.server.url("/os"));
    REQUIRE(none);
    CHECK(none->empty());
}

TEST_CASE("key_discovery: plain http is not asked", "[repository][key_discovery]") {
    Fixture f;
    const std::string base = GENERATE("http://example.invalid/os", "http://127.0.0.1.example/os");
    const auto keys = f.gather(base);
    REQUIRE(keys);
    CHECK(keys->empty());
    CHECK(f.reporter.events_of("note: ").size() == 1);
    CHECK_THAT(f.reporter.events_of("note: ").at(0), Catch::Contains("without https"));
}

TEST_CASE(
    "key_discovery: hostile answers give no key and no crash", "[repository][key_discovery]"
) {
    Fixture f;
    auto [configuration, set] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {"[]", ""},
        {R"({"jwks_uri":7})", ""},
        {R"({"jwks_uri":"http://example.invalid/set"})", ""},
        {R"({"jwks_uri":"file:///etc/passwd"})", ""},
        {"SET", ""},
        {"SET", "[]"},
        {"SET", R"({"keys":7})"},
        {"SET", R"({"keys":[{"kty":"RSA","kid":"x"}]})"},
        {"SET", R"({"keys":[{"kty":"RSA","kid":"x","n":"AAAA","e":"AQAB"}]})"},
        {"SET", R"({"keys":[{"kty":"RSA","kid":7,"n":"AAAA","e":"AQAB"}]})"},
        {"SET", std::string(100'000, '[')},
    }));
    CAPTURE(configuration, set);
    f.serve_set("x");
    if (configuration != "SET") {
        f.files["/os/apk-configuration"] = configuration;
    } else {
        f.files["/set"] = set;
    }
    const auto keys = f.gather(f.server.url("/os"));
    REQUIRE(keys);
    CHECK(keys->empty());
    CHECK(f.reporter.events_of("warning: no key was found").size() == 1);
}

TEST_CASE("key_set: ids that are paths are refused", "[repository][key_set]") {
    const std::string id =
        GENERATE("../x", "/etc/x", ".hidden", "a/b", "", "a\\u0000b", "a\\nb", "a b");
    CAPTURE(id);
    const auto keys = parse_key_set(key_set(id));
    REQUIRE_FALSE(keys);
    CHECK_THAT(keys.error().message(), Catch::Contains("cannot be the name of a key"));
}
