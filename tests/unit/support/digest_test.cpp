// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/digest.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace quern;

// Source: FIPS 180-4 examples, "abc".
TEST_CASE("digest: known answers", "[support][digest]") {
    CHECK(digest_of(DigestKind::sha1, "abc").hex() == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(
        digest_of(DigestKind::sha256, "abc").hex() ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    CHECK(
        digest_of(DigestKind::sha512, "abc").hex().substr(0, 32) ==
        "ddaf35a193617abacc417349ae204131"
    );
    CHECK(digest_of(DigestKind::sha1, "").base64() == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
}

TEST_CASE("digest: a hasher takes pieces and can be used again", "[support][digest]") {
    Hasher hasher(DigestKind::sha256);
    for (int i = 0; i < 2; ++i) {
        hasher.update("a");
        hasher.update("bc");
        CHECK(hasher.finish() == digest_of(DigestKind::sha256, "abc"));
    }
}

TEST_CASE("digest: hex and base64 go there and back", "[support][digest]") {
    const auto kind = GENERATE(DigestKind::sha1, DigestKind::sha256, DigestKind::sha512);
    const Digest digest = digest_of(kind, "x");
    CHECK(Digest::from_hex(kind, digest.hex()) == digest);
    CHECK(Digest::from_base64(kind, digest.base64()) == digest);
    CHECK_FALSE(Digest::from_hex(kind, digest.hex() + "00"));
    CHECK_FALSE(Digest::from_hex(kind, "g" + digest.hex().substr(1)));
    CHECK_FALSE(digest == Digest());
}

TEST_CASE("digest: base64 has one spelling", "[support][digest]") {
    CHECK(from_base64("") == "");
    CHECK(from_base64("Zg==") == "f");
    CHECK(from_base64("Zm8=") == "fo");
    CHECK(from_base64("Zm9v") == "foo");
    const auto* const bad =
        GENERATE("Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zm9v=", "Zm 9", "Zg==Zg==");
    CAPTURE(bad);
    CHECK_FALSE(from_base64(bad));
}

TEST_CASE("digest: of a file, whatever its position", "[support][digest]") {
    const auto dir = TempDir::create(std::filesystem::temp_directory_path(), "digest-");
    REQUIRE(dir);
    const auto path = dir->path() / "f";
    const std::string content(700000, 'q');
    REQUIRE(write_file_atomically(path, content));
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::lseek(fd.get(), 5, SEEK_SET) == 5);
    const auto digest = digest_of_fd(DigestKind::sha256, fd.get());
    REQUIRE(digest);
    CHECK(*digest == digest_of(DigestKind::sha256, content));
    CHECK(digest_of_fd(DigestKind::sha256, -1).error().code() == ErrorCode::io);
}
