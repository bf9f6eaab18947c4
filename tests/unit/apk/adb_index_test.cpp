// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"

#include "support/digest.hpp"
#include "unit/apk/adb_by_hand.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <optional>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;

namespace {

Index sample() {
    Index index;
    IndexEntry entry;
    entry.name = "zlib";
    entry.version = "1.3-r0";
    entry.checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    entry.architecture = "x86_64";
    entry.description = std::string(300, 'd');
    entry.license = "Zlib";
    entry.commit = std::string(40, 'a');
    entry.build_date = 1'700'000'000;
    entry.installed_size = 5'000'000'000;
    entry.file_size = 1234;
    entry.provider_priority = 7;
    entry.depends = {"so:libc.so.6", "!old", "b>=2", "a~1", "c<3", "d=4"};
    entry.provides = {"so:libz.so.1=1.3"};
    index.entries.push_back(entry);
    entry.name = "a";
    entry.depends.clear();
    index.entries.push_back(entry);
    return index;
}

constexpr const char* spec = "x86_64/${name}-${version}.apk";

}  // namespace

TEST_CASE("adb_index: packages can be read back", "[apk][adb_index]") {
    const auto bytes = write_adb_index(sample(), spec, nullptr);
    REQUIRE(bytes);
    const Container container = open_adb(*bytes, "indx");
    CHECK(container.signature.empty());
    const Adb adb(container.payload);
    CHECK(adb.text(adb.field(adb.root(), 3)) == spec);
    const std::uint32_t packages = adb.field(adb.root(), 2);
    REQUIRE(adb.size(packages) == 2);
    CHECK(adb.text(adb.field(adb.field(packages, 1), 1)) == "a");
    const std::uint32_t zlib = adb.field(packages, 2);
    CHECK(adb.text(adb.field(zlib, 1)) == "zlib");
    CHECK(adb.text(adb.field(zlib, 2)) == "1.3-r0");
    CHECK(adb.text(adb.field(zlib, 3)).size() == 20);
    CHECK(adb.text(adb.field(zlib, 4)) == std::string(300, 'd'));
    CHECK(adb.text(adb.field(zlib, 5)) == "x86_64");
    CHECK(adb.text(adb.field(zlib, 10)) == std::string(20, '\xaa'));
    CHECK(adb.number(adb.field(zlib, 11)) == 1'700'000'000);
    CHECK(adb.number(adb.field(zlib, 12)) == 5'000'000'000);
    CHECK(adb.number(adb.field(zlib, 13)) == 1234);
    CHECK(adb.number(adb.field(zlib, 14)) == 7);
    CHECK(adb.relation(adb.field(adb.field(zlib, 16), 1)) == "so:libz.so.1|1.3|0");
}

TEST_CASE("adb_index: relations are sorted and keep their operators", "[apk][adb_index]") {
    const auto bytes = write_adb_index(sample(), spec, nullptr);
    REQUIRE(bytes);
    const Container container = open_adb(*bytes, "indx");
    const Adb adb(container.payload);
    const std::uint32_t depends = adb.field(adb.field(adb.field(adb.root(), 2), 2), 15);
    std::string text;
    for (std::uint32_t i = 1; i <= adb.size(depends); ++i) {
        text += adb.relation(adb.field(depends, i)) + " ";
    }
    CHECK(text == "a|1|9 b|2|5 c|3|2 d|4|0 old||23 so:libc.so.6||0 ");
}

TEST_CASE("adb_index: the signature is over the payload", "[apk][adb_index]") {
    const auto bytes = write_adb_index(sample(), spec, &test_key());
    REQUIRE(bytes);
    CHECK(*bytes == *write_adb_index(sample(), spec, &test_key()));
    const Container container = open_adb(*bytes, "indx");
    const std::string head = container.signature.substr(0, 18);
    CHECK(head.substr(0, 2) == std::string("\x00\x04", 2));
    const Digest digest = digest_of(DigestKind::sha512, container.payload);
    SignedDigests digests;
    digests.update("indx");
    digests.update(head);
    digests.update({reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()});
    const Signature signature{
        SignatureKind::rsa512, "test.rsa.pub", container.signature.substr(18)};
    CHECK(test_keyring().verify({signature}, digests));
}

TEST_CASE("adb_index: a relation that is none is refused by name", "[apk][adb_index]") {
    Index index = sample();
    index.entries[0].depends = {"=1"};
    const auto bytes = write_adb_index(index, spec, nullptr);
    REQUIRE_FALSE(bytes);
    CHECK_THAT(bytes.error().message(), Catch::Contains("'=1' of zlib"));
}
