// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/command_signer.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace quern;
using namespace quern::apk;
using test::test_key;

namespace {

SignedDigests digests_of(std::string_view bytes) {
    SignedDigests digests;
    digests.update(bytes);
    return digests;
}

/// A directory with a true signature over "some bytes", and shell scripts as signers.
struct Fixture {
    TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "quern-test-"));
    CancelToken cancel;

    Fixture() { write_signature(SignatureKind::rsa256); }
    void write_signature(SignatureKind kind) const {
        const auto signature = test_key().sign(digests_of("some bytes"), kind);
        REQUIRE(signature);
        REQUIRE(write_file_atomically(directory.path() / "signature", signature->bytes));
    }
    CommandSigner signer(const std::string& script, std::chrono::milliseconds timeout) const {
        const std::string before = "cd " + directory.path().string() + "; ";
        auto made = CommandSigner::create(
            {{"/bin/sh", "-c", before + script}, "test.rsa.pub", timeout},
            *test_key().public_key(),
            cancel
        );
        REQUIRE(made);
        return std::move(*made);
    }
    Result<Signature> sign(
        const std::string& script,
        SignatureKind kind = SignatureKind::rsa256,
        std::chrono::milliseconds timeout = std::chrono::minutes(1)
    ) const {
        return signer(script, timeout).sign(digests_of("some bytes"), kind);
    }
};

}  // namespace

TEST_CASE("command signer: it gets the digest and gives the signature", "[apk][command_signer]") {
    const Fixture f;
    const auto [kind, name] = GENERATE(table<SignatureKind, std::string>(
        {{SignatureKind::rsa256, "sha256"}, {SignatureKind::rsa512, "sha512"}}
    ));
    f.write_signature(kind);
    const auto signature =
        f.sign("cat > digest; echo $QUERN_DIGEST $QUERN_KEY > told; cat signature", kind);
    REQUIRE(signature);
    CHECK(signature->key_name == "test.rsa.pub");
    CHECK(test::test_keyring().verify({*signature}, digests_of("some bytes")));
    CHECK(*read_file(f.directory.path() / "digest") == digests_of("some bytes").digest(kind));
    CHECK(*read_file(f.directory.path() / "told") == name + " test.rsa.pub\n");
}

TEST_CASE("command signer: nothing of the caller's environment is told", "[apk][command_signer]") {
    const Fixture f;
    ::setenv("QUERN_TEST_SECRET", "x", 1);
    CHECK(f.sign("test -z \"$QUERN_TEST_SECRET$HOME\" && cat signature"));
    ::unsetenv("QUERN_TEST_SECRET");
}

TEST_CASE("command signer: what is no signature of the key is refused", "[apk][command_signer]") {
    const Fixture f;
    for (const char* script : {"true", "echo no", "cat signature; echo", "head -c 255 signature"}) {
        CAPTURE(script);
        const auto signature = f.sign(script);
        REQUIRE_FALSE(signature);
        CHECK(signature.error().code() == ErrorCode::signature);
        CHECK(
            signature.error().message().find("no signature by test.rsa.pub") != std::string::npos
        );
    }
}

TEST_CASE("command signer: a failure is told in its own words", "[apk][command_signer]") {
    const Fixture f;
    const Error error = f.sign("echo no card >&2; exit 7").error();
    CHECK(error.code() == ErrorCode::signature);
    CHECK(error.message() == "signing by /bin/sh: exit status 7; it said: no card");
}

TEST_CASE("command signer: one that does not end is ended", "[apk][command_signer]") {
    const Fixture f;
    CHECK(f.sign("yes").error().code() == ErrorCode::limit);
    const auto stuck = f.sign("sleep 1000", SignatureKind::rsa256, std::chrono::milliseconds(50));
    CHECK(stuck.error().code() == ErrorCode::limit);
}

TEST_CASE("command signer: without a program there is none", "[apk][command_signer]") {
    const CancelToken cancel;
    const PublicKey key = *test_key().public_key();
    CHECK(CommandSigner::create({{}, "a.pub"}, key, cancel).error().code() == ErrorCode::usage);
    CHECK_FALSE(CommandSigner::create({{"true"}, "../a.pub"}, key, cancel));
    const auto missing = CommandSigner::create({{"/no/such/program"}, "a.pub"}, key, cancel);
    REQUIRE(missing);
    CHECK(missing->sign(digests_of("x")).error().code() == ErrorCode::not_found);
}
