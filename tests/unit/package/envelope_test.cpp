// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/envelope.hpp"

#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::package {
namespace {

Envelope signed_envelope() {
    Envelope envelope = {"text/x", "hello world", {}};
    REQUIRE(envelope.sign(test::test_key()));
    return envelope;
}

Error problem_of(const std::string& json) {
    const auto envelope = Envelope::parse(json);
    REQUIRE_FALSE(envelope);
    return envelope.error();
}

}  // namespace

TEST_CASE("envelope: what is written reads the same and verifies", "[package][envelope]") {
    const std::string text = signed_envelope().to_string();
    CHECK(
        text.find(R"({"payload":"aGVsbG8gd29ybGQ=","payloadType":"text/x","signatures":[{"keyid":)"
        ) == 0
    );
    CHECK(text.back() == '\n');
    const auto again = Envelope::parse(text);
    REQUIRE(again);
    CHECK(again->to_string() == text);
    const auto signer = again->verify(test::test_keyring());
    REQUIRE(signer);
    CHECK(*signer == "test.rsa.pub");
}

TEST_CASE("envelope: what is signed is what DSSE says, byte for byte", "[package][envelope]") {
    // Source: DSSE protocol.md, "PAE" and its example; lengths are of bytes, not of characters.
    const auto [type, text, bytes] = GENERATE(table<std::string, std::string, std::string>({
        {"http://example.com/HelloWorld",
         "hello world",
         "DSSEv1 29 http://example.com/HelloWorld 11 hello world"},
        {"text/\xc3\xbc", "", "DSSEv1 7 text/\xc3\xbc 0 "},
        {"t", "a  b\n", "DSSEv1 1 t 5 a  b\n"},
    }));
    Envelope envelope = {type, text, {}};
    REQUIRE(envelope.sign(test::test_key()));
    apk::SignedDigests digests;
    digests.update(bytes);
    const auto signature = test::test_key().sign(digests);
    REQUIRE(signature);
    CHECK(envelope.signatures.front().bytes == signature->bytes);
}

TEST_CASE("envelope: the signature covers text and type", "[package][envelope]") {
    Envelope other_text = signed_envelope();
    other_text.payload += " ";
    CHECK(other_text.verify(test::test_keyring()).error().code() == ErrorCode::signature);
    Envelope other_type = signed_envelope();
    other_type.payload_type = "text/y";
    CHECK(other_type.verify(test::test_keyring()).error().code() == ErrorCode::signature);
}

TEST_CASE("envelope: type and text cannot take of each other", "[package][envelope]") {
    Envelope envelope = {"T", "2 3 abc", {}};
    REQUIRE(envelope.sign(test::test_key()));
    REQUIRE(envelope.verify(test::test_keyring()));
    envelope.payload_type = "T 7 2";
    envelope.payload = "abc";
    CHECK(envelope.verify(test::test_keyring()).error().code() == ErrorCode::signature);
}

TEST_CASE("envelope: nobody's signature is none", "[package][envelope]") {
    const Envelope envelope = {"text/x", "hello", {}};
    CHECK(envelope.verify(test::test_keyring()).error().code() == ErrorCode::signature);
}

TEST_CASE("envelope: base64 of the other alphabet is read", "[package][envelope]") {
    const auto envelope =
        Envelope::parse(R"({"payload":"-_8=","payloadType":"t","signatures":[]})");
    REQUIRE(envelope);
    CHECK(envelope->payload == "\xfb\xff");
}

TEST_CASE("envelope: what is none is refused with what is wrong", "[package][envelope]") {
    const auto [json, message] = GENERATE(table<std::string, std::string>({
        {"", "the envelope is no JSON"},
        {"[]", "the envelope is no object"},
        {"{}", "the envelope lacks payloadType, payload in base64 or signatures"},
        {R"({"payload":"?","payloadType":"t","signatures":[]})",
         "the envelope lacks payloadType, payload in base64 or signatures"},
        {R"({"payload":"","payloadType":"t","signatures":[1]})",
         "the envelope has a signature that is none"},
    }));
    CAPTURE(json);
    CHECK(problem_of(json).message() == message);
}

TEST_CASE("envelope: hostile texts are bounded", "[package][envelope]") {
    CHECK(problem_of(std::string(100'000, '[')).code() == ErrorCode::invalid_data);
    CHECK(problem_of(std::string(9'000'000, ' ')).code() == ErrorCode::limit);
    std::string many = R"({"payload":"","payloadType":"t","signatures":[)";
    for (int i = 0; i < 17; ++i) {
        many += i == 0 ? R"({"sig":""})" : R"(,{"sig":""})";
    }
    CHECK(problem_of(many + "]}").code() == ErrorCode::invalid_data);
}

}  // namespace quern::package
