// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/registry.hpp"

#include "image/credentials.hpp"
#include "image/reference.hpp"
#include "image/registry_auth.hpp"
#include "support/memory_file_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using image::Challenge;
using image::Reference;

TEST_CASE("reference: parts and defaults", "[image][reference]") {
    const auto [text, full] = GENERATE(table<std::string, std::string>({
        {"img", "index.docker.io/library/img:latest"},
        {"team/img:1.0", "index.docker.io/team/img:1.0"},
        {"docker.io/img", "index.docker.io/library/img:latest"},
        {"registry.example.org/team/img:1.0", "registry.example.org/team/img:1.0"},
        {"localhost:5000/img", "localhost:5000/img:latest"},
    }));
    const auto parsed = Reference::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->full() == full);
    CHECK(parsed->short_name() == "img");
}

TEST_CASE("reference: what is none is refused", "[image][reference]") {
    const std::string text = GENERATE(
        "", "Img", "a b", "img:", "img:-x", "../img", "img@sha256:12", "a//b", "x/../y", "img:a/b"
    );
    CAPTURE(text);
    const auto parsed = Reference::parse(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().code() == ErrorCode::usage);
}

TEST_CASE("registry: only near hosts are spoken to in clear", "[image][registry]") {
    const auto [host, url] = GENERATE(table<std::string, std::string>({
        {"localhost:5000", "http://localhost:5000"},
        {"127.0.0.1:5000", "http://127.0.0.1:5000"},
        {"10.1.2.3", "http://10.1.2.3"},
        {"172.32.0.1", "https://172.32.0.1"},
        {"172.16.0.1", "http://172.16.0.1"},
        {"registry.local", "http://registry.local"},
        {"10.example.org", "https://10.example.org"},
        {"registry.example.org", "https://registry.example.org"},
        {"index.docker.io", "https://registry-1.docker.io"},
    }));
    CHECK(image::registry_url(host) == url);
}

TEST_CASE("challenge: parameters with and without quotes", "[image][registry_auth]") {
    const auto challenge = Challenge::parse(
        "Bearer realm=\"https://auth.example.org/token\",service=reg, "
        "scope=\"repository:a/b:pull,push\""
    );
    REQUIRE(challenge);
    CHECK(challenge->scheme == "bearer");
    CHECK(challenge->parameter("realm") == "https://auth.example.org/token");
    CHECK(challenge->parameter("service") == "reg");
    CHECK(challenge->parameter("scope") == "repository:a/b:pull,push");
}

TEST_CASE("challenge: nonsense is none", "[image][registry_auth]") {
    const std::string text = GENERATE("", "=", "Bearer realm", "Bearer realm=\"open", "\x01");
    CAPTURE(text);
    CHECK(!Challenge::parse(text));
}

// attacks P17
TEST_CASE("auth: credentials do not go where only the registry sends", "[image][registry_auth]") {
    auto http = fetch::HttpExchanger::create();
    REQUIRE(http);
    image::RegistryAuth auth("https://registry.example.org", {"me", "secret", ""}, {}, *http);
    const CancelToken cancel;
    const auto challenge =
        Challenge::parse("Bearer realm=\"https://evil.example.net/token\",service=x");
    REQUIRE(challenge);
    const auto answered = auth.answer(*challenge, "repository:a:pull,push", cancel);
    REQUIRE(!answered);
    CHECK(answered.error().code() == ErrorCode::signature);
    CHECK(answered.error().message().find("secret") == std::string::npos);
    CHECK(answered.error().help().find("--trust-auth-host") != std::string::npos);
}

// attacks P17, K2
TEST_CASE("auth: credentials are bound to scheme, host and port", "[image][registry_auth]") {
    const auto [registry, realm, trusted, may_see] =
        GENERATE(table<std::string, std::string, std::string, bool>({
            {"https://reg.example.org", "https://reg.example.org/token", "", true},
            {"https://reg.example.org", "https://REG.example.org:443/token", "", true},
            {"https://reg.example.org", "http://reg.example.org/token", "", false},
            {"https://reg.example.org", "https://auth.reg.example.org/token", "", false},
            {"https://reg.example.org", "https://reg.example.org.evil.net/token", "", false},
            {"https://reg.example.org", "https://reg.example.org@evil.net/token", "", false},
            // another port: only where a certificate proves whose it is
            {"https://git.example.org:5050", "https://git.example.org/jwt/auth", "", true},
            {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", "", false},
            {"http://127.0.0.1:5000", "https://127.0.0.1:5001/token", "", false},
            {"http://127.0.0.1:5000", "https://127.0.0.1:5000/token", "", false},
            // known pairs, at their own port and for their own registry
            {"https://registry-1.docker.io", "https://auth.docker.io/token", "", true},
            {"https://registry.gitlab.com", "https://gitlab.com/jwt/auth", "", true},
            {"https://registry-1.docker.io", "https://auth.docker.io:8443/token", "", false},
            {"https://registry-1.docker.io", "http://auth.docker.io/token", "", false},
            {"https://reg.example.org", "https://auth.docker.io/token", "", false},
            {"https://registry.gitlab.com", "https://auth.docker.io/token", "", false},
            // what the user named
            {"https://reg.example.org", "https://auth.example.org/token", "auth.example.org", true},
            {"https://reg.example.org", "https://auth.example.org/token", "AUTH.example.org", true},
            {"https://reg.example.org", "https://auth.example.org:1/", "auth.example.org", false},
            {"https://reg.example.org", "https://auth.example.org:1/", "auth.example.org:1", true},
            {"https://reg.example.org", "http://auth.example.org/", "auth.example.org", false},
            {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", "127.0.0.1:5001", true},
            {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", "127.0.0.1", false},
        }));
    CAPTURE(registry, realm, trusted);
    const auto answer = image::may_see_credentials(registry, realm, {trusted});
    REQUIRE(answer);
    CHECK(*answer == may_see);
}

TEST_CASE("auth: a realm that is no URL of the web is refused", "[image][registry_auth]") {
    const std::string realm =
        GENERATE("", "file:///etc/passwd", "https://", "https://:443/token", "//reg.example.org/");
    CAPTURE(realm);
    CHECK_FALSE(image::may_see_credentials("https://reg.example.org", realm, {""}));
}

TEST_CASE("credentials: entries count for exactly their host", "[image][credentials]") {
    MemoryFileReader files;
    files.add(
        "config.json",
        "{\"auths\": {\"registry.example.org:5000\": {\"auth\": \"bWU6c2VjOnJldA==\"}}}"
    );
    image::CredentialSources sources;
    sources.docker_config = "config.json";
    const CancelToken cancel;
    const auto own = find_credentials("registry.example.org:5000", sources, files, cancel);
    REQUIRE(own);
    CHECK(own->user == "me");
    CHECK(own->password == "sec:ret");
    const auto other = find_credentials("registry.example.org", sources, files, cancel);
    REQUIRE(other);
    CHECK(other->is_empty());
}

TEST_CASE("credentials: the token of a runner is for its registry only", "[image][credentials]") {
    const MemoryFileReader files;
    image::CredentialSources sources;
    sources.environment["GITHUB_TOKEN"] = "t";
    const CancelToken cancel;
    CHECK(find_credentials("ghcr.io", sources, files, cancel)->password == "t");
    CHECK(find_credentials("ghcr.io.example.org", sources, files, cancel)->is_empty());
}

TEST_CASE("credentials: a helper's name is no path", "[image][credentials]") {
    MemoryFileReader files;
    files.add("config.json", "{\"credsStore\": \"../../tmp/x\"}");
    image::CredentialSources sources;
    sources.docker_config = "config.json";
    const CancelToken cancel;
    const auto found = find_credentials("registry.example.org", sources, files, cancel);
    REQUIRE(!found);
    CHECK(found.error().code() == ErrorCode::invalid_data);
}
