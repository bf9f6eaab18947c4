// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/keyring.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace quern;
using namespace quern::apk;
using test::public_pem;
using test::test_key;

namespace {

SignedDigests digests_of(std::string_view bytes) {
    SignedDigests digests;
    digests.update(bytes);
    return digests;
}

Keyring ring_of(const PrivateKey& key) {
    Keyring ring;
    REQUIRE(ring.add(key.public_key_name(), *key.public_key()));
    return ring;
}

PrivateKey named(const std::string& name) {
    auto key = PrivateKey::parse(name, test::private_pem());
    REQUIRE(key);
    return std::move(*key);
}

Error parse_failure(std::string_view pem) {
    auto key = PublicKey::parse(pem);
    REQUIRE_FALSE(key);
    return key.error();
}

}  // namespace

TEST_CASE(
    "keyring: a signature of each kind is verified by the key of its name", "[apk][keyring]"
) {
    const PrivateKey key = named("alice.rsa");
    const auto kind = GENERATE(SignatureKind::rsa, SignatureKind::rsa256, SignatureKind::rsa512);
    const auto signature = key.sign(digests_of("some bytes"), kind);
    REQUIRE(signature);
    CHECK(signature->key_name == "alice.rsa.pub");
    CHECK(signature->bytes.size() == 256);
    const auto verified = ring_of(key).verify({*signature}, digests_of("some bytes"));
    REQUIRE(verified);
    CHECK(*verified == "alice.rsa.pub");
    CHECK(
        ring_of(key).verify({*signature}, digests_of("other bytes")).error().code() ==
        ErrorCode::signature
    );
}

TEST_CASE("keyring: the same bytes give the same signature", "[apk][keyring]") {
    CHECK(named("a").sign(digests_of("x"))->bytes == named("a").sign(digests_of("x"))->bytes);
}

TEST_CASE("keyring: the first signature by a known key decides", "[apk][keyring]") {
    const PrivateKey known = named("known.rsa");
    const Signature good = *known.sign(digests_of("x"));
    Signature bad = good;
    bad.bytes.back() = static_cast<char>(bad.bytes.back() ^ 1);
    Signature unknown = good;
    unknown.key_name = "unknown.rsa.pub";
    const Keyring ring = ring_of(known);
    CHECK(ring.verify({unknown, good}, digests_of("x")));
    CHECK(ring.verify({good, bad}, digests_of("x")));
    CHECK_FALSE(ring.verify({bad, good}, digests_of("x")));
    CHECK_FALSE(ring.verify({unknown}, digests_of("x")));
    CHECK_FALSE(ring.verify({}, digests_of("x")));
    CHECK_FALSE(Keyring().verify({good}, digests_of("x")));
}

TEST_CASE("keyring: messages say who signed and who is trusted", "[apk][keyring]") {
    const PrivateKey key = named("known.rsa");
    Signature signature = *key.sign(digests_of("x"));
    signature.key_name = "stranger.rsa.pub\x1b[2J";
    const Error error = ring_of(key).verify({signature}, digests_of("x")).error();
    CHECK(error.message().find("stranger.rsa.pub") != std::string::npos);
    CHECK(error.message().find('\x1b') == std::string::npos);
    CHECK(error.help().find("known.rsa.pub") != std::string::npos);
}

TEST_CASE("keyring: signatures of odd lengths do no harm", "[apk][keyring]") {
    const PrivateKey key = named("k");
    for (const std::string& bytes :
         {std::string(), std::string("x"), std::string(100000, '\xff')}) {
        CHECK_FALSE(ring_of(key).verify({{SignatureKind::rsa256, "k.pub", bytes}}, digests_of("x"))
        );
    }
}

TEST_CASE("keyring: names of keys are file names", "[apk][keyring]") {
    Keyring ring;
    const PublicKey key = *PublicKey::parse(public_pem());
    for (const char* bad : {"", ".", "..", "a/b", "/etc/x.pub", "a\nb"}) {
        CAPTURE(bad);
        CHECK_FALSE(ring.add(bad, key));
    }
    const std::string material = "-----BEGIN PUBLIC KEY-----\nsecret/";
    CHECK(ring.add(material, key).error().message().find("secret") == std::string::npos);
    CHECK(ring.is_empty());
    CHECK(ring.add("b.pub", key));
    CHECK(ring.add("a.pub", key));
    CHECK(ring.names() == std::vector<std::string>{"a.pub", "b.pub"});
}

TEST_CASE("keyring: a directory gives its .pub files", "[apk][keyring]") {
    const auto folder = TempDir::create("/tmp", "quern-keyring-");
    REQUIRE(folder);
    REQUIRE(write_file_atomically(folder->path() / "one.rsa.pub", public_pem()));
    REQUIRE(write_file_atomically(folder->path() / "two.rsa.pub", public_pem()));
    REQUIRE(write_file_atomically(folder->path() / "README", "no key"));
    Keyring ring;
    REQUIRE(ring.add_directory(folder->path()));
    CHECK(ring.names() == std::vector<std::string>{"one.rsa.pub", "two.rsa.pub"});
    CHECK(ring.add_directory(folder->path() / "missing").error().code() == ErrorCode::not_found);
    CHECK(ring.add_file(folder->path() / "missing.pub").error().code() == ErrorCode::not_found);
    const auto wrong = ring.add_file(folder->path() / "README");
    CHECK(wrong.error().message().find("README") != std::string::npos);
    CHECK_FALSE(ring.add_file(folder->path()));
}

TEST_CASE("keyring: what is no RSA public key is refused with a reason", "[apk][keyring]") {
    CHECK(parse_failure("").code() == ErrorCode::invalid_data);
    CHECK(parse_failure("garbage").code() == ErrorCode::invalid_data);
    CHECK(parse_failure("garbage").help().find("BEGIN PUBLIC KEY") != std::string::npos);
    CHECK(parse_failure(std::string(100, '\0')).code() == ErrorCode::invalid_data);
    CHECK(
        parse_failure("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").code() ==
        ErrorCode::invalid_data
    );
    CHECK(
        parse_failure(public_pem() + public_pem()).message().find("more than one") !=
        std::string::npos
    );
    CHECK(parse_failure(std::string(1U << 20U, 'A')).message().find("64 KiB") != std::string::npos);
    const Error secret = parse_failure(test::private_pem());
    CHECK(secret.message().find("private key") != std::string::npos);
    CHECK(secret.message().find("MII") == std::string::npos);
    CHECK(parse_failure(test::elliptic_public_pem()).message().find("EC") != std::string::npos);
    CHECK(parse_failure(test::small_public_pem()).message().find("512 bits") != std::string::npos);
}

TEST_CASE("keyring: a public key is printed as it was read", "[apk][keyring]") {
    const auto key = PublicKey::parse(public_pem());
    REQUIRE(key);
    CHECK(key->to_pem() == public_pem());
    CHECK(key->bits() == 2048);
    CHECK(key->fingerprint().size() == 64);
    CHECK(key->fingerprint() == test_key().public_key()->fingerprint());
}

TEST_CASE("private_key: written keys are read again", "[apk][private_key]") {
    const PrivateKey& key = test_key();
    const auto plain = key.to_pem();
    REQUIRE(plain);
    CHECK(plain->starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    CHECK(PrivateKey::parse("k", *plain));
    const auto locked = key.to_pem(Passphrase("open sesame"));
    REQUIRE(locked);
    CHECK(locked->starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    CHECK(PrivateKey::parse("k", *locked, Passphrase("open sesame")));
    CHECK(
        PrivateKey::parse("k", *locked, Passphrase("wrong")).error().code() == ErrorCode::signature
    );
    const Error missing = PrivateKey::parse("k", *locked).error();
    CHECK(missing.code() == ErrorCode::signature);
    CHECK(missing.help().find("passphrase") != std::string::npos);
}

TEST_CASE("private_key: PKCS#8 and encrypted PKCS#1 are read", "[apk][private_key]") {
    CHECK(PrivateKey::parse("k", test::pkcs8_pem()));
    CHECK(PrivateKey::parse("k", test::locked_pkcs1_pem(), Passphrase("old lock")));
    CHECK(PrivateKey::parse("k", test::locked_pkcs1_pem()).error().code() == ErrorCode::signature);
    CHECK(
        PrivateKey::parse("k", test::locked_pkcs1_pem(), Passphrase("bad")).error().code() ==
        ErrorCode::signature
    );
    CHECK(
        PrivateKey::parse("k", test::locked_pkcs1_pem(), Passphrase(std::string(5000, 'x')))
            .error()
            .code() == ErrorCode::signature
    );
}

TEST_CASE("private_key: what is no private RSA key is refused", "[apk][private_key]") {
    CHECK(PrivateKey::parse("k", "").error().code() == ErrorCode::invalid_data);
    CHECK(PrivateKey::parse("k", "garbage").error().code() == ErrorCode::invalid_data);
    CHECK(
        PrivateKey::parse("k", public_pem()).error().message().find("public key") !=
        std::string::npos
    );
    CHECK(
        PrivateKey::parse("k", test::elliptic_private_pem()).error().message().find("EC") !=
        std::string::npos
    );
    CHECK(PrivateKey::parse("../k", test::private_pem()).error().code() == ErrorCode::invalid_data);
    CHECK(PrivateKey::load("/nonexistent/k.rsa").error().code() == ErrorCode::not_found);
    CHECK_FALSE(PrivateKey::load("/tmp"));
}

TEST_CASE("private_key: key sizes out of use are not generated", "[apk][private_key]") {
    CHECK(PrivateKey::generate("k", 1024).error().code() == ErrorCode::usage);
    CHECK(PrivateKey::generate("k", 20000).error().code() == ErrorCode::usage);
    const auto key = PrivateKey::generate("k.rsa", 2048);
    REQUIRE(key);
    CHECK(key->public_key_name() == "k.rsa.pub");
    CHECK(key->public_key()->bits() == 2048);
}
