// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"

#include "apk/adb_container.hpp"
#include "apk/adb_writer.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/temp_dir.hpp"
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

TempDir make_directory() {
    auto made = TempDir::create("/tmp", "quern-adb-");
    REQUIRE(made);
    return std::move(*made);
}

/// An index in a file of its own.
class Served {
 public:
    explicit Served(const std::string& bytes) { REQUIRE(write_file_atomically(path(), bytes)); }

    std::filesystem::path path() const { return directory_.path() / "Packages.adb"; }
    Result<AdbIndexFile> read(const Keyring* keyring = nullptr, const IndexLimits& limits = {})
        const {
        return read_adb_index(path(), keyring, limits);
    }
    std::string problem(const Keyring* keyring = nullptr, const IndexLimits& limits = {}) const {
        const auto file = read(keyring, limits);
        return file ? "" : file.error().message();
    }

 private:
    TempDir directory_ = make_directory();
};

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

TEST_CASE("adb_index: what is written reads as it was", "[apk][adb_index]") {
    Index index = sample();
    index.description = "tests";
    index.entries[1].checksum = "Q2" + digest_of(DigestKind::sha256, "a").base64();
    const Served served(*write_adb_index(index, spec, &test_key()));
    const auto file = served.read(&test_keyring());
    REQUIRE(file);
    CHECK(file->verified_by == "test.rsa.pub");
    CHECK(file->key_ids.size() == 1);
    CHECK(file->pkgname_spec == spec);
    CHECK(file->index.description == "tests");
    REQUIRE(file->index.entries.size() == 2);
    CHECK(file->index.entries[0].to_string() == index.entries[1].to_string());
    index.entries[0].depends = {"a~1", "b>=2", "c<3", "d=4", "!old", "so:libc.so.6"};
    CHECK(file->index.entries[1].to_string() == index.entries[0].to_string());
}

TEST_CASE("adb_index: one that is changed or not signed is told", "[apk][adb_index]") {
    const std::string bytes = *write_adb_index(sample(), spec, &test_key());
    std::string plain = inflate(bytes.substr(4));
    plain[plain.find("zlib")] = 'y';
    CHECK(Served(plain).problem().empty());
    CHECK_THAT(Served(plain).problem(&test_keyring()), Catch::Contains("signature"));
    CHECK_THAT(
        Served(*write_adb_index(sample(), spec, nullptr)).problem(&test_keyring()),
        Catch::Contains("not signed")
    );
    const Keyring none;
    CHECK_THAT(Served(bytes).problem(&none), Catch::Contains("not trusted"));
}

TEST_CASE("adb_index: what is no index is refused", "[apk][adb_index]") {
    const std::string plain = inflate(write_adb_index(sample(), spec, nullptr)->substr(4));
    CHECK_FALSE(Served("").problem().empty());
    CHECK_FALSE(Served("ADBd").problem().empty());
    CHECK_THAT(Served(plain.substr(0, 100)).problem(), Catch::Contains("truncated"));
    CHECK_THAT(Served("ADB.pckg" + plain.substr(8)).problem(), Catch::Contains("'pckg'"));
    CHECK_THAT(
        Served(plain + adb_block(AdbBlock::data, "12345678x")).problem(),
        Catch::Contains("as no index does")
    );
    CHECK_THAT(Served(plain).problem(nullptr, {.entries = 1}), Catch::Contains("more than 1"));
    AdbWriter writer;
    const AdbWriter::Value one = writer.object({writer.blob("a"), writer.blob("1")});
    const AdbWriter::Value list = writer.array(std::vector<AdbWriter::Value>(1000, one));
    const std::string payload = writer.finish(writer.object({AdbWriter::null, list}));
    const Served many("ADB.indx" + adb_block(AdbBlock::payload, payload));
    CHECK(many.problem().empty());
    CHECK_THAT(many.problem(nullptr, {.text_bytes = 5000}), Catch::Contains("bytes of itself"));
    CHECK_THAT(many.problem(nullptr, {.text_bytes = 500}), Catch::Contains("a block of more"));
    // Whatever word is set to whatever value, it is read to an end.
    for (std::size_t at = 12; at + 4 <= plain.size(); at += 2) {
        for (const std::uint32_t value : {0xe0ffffffU, 0xd0000008U, 0x8fffffffU, 0U}) {
            std::string broken = plain;
            broken.replace(at, 4, little_endian(value, 4));
            static_cast<void>(Served(broken).problem());
        }
    }
}

TEST_CASE("adb_index: signing one gives what writing it signed gives", "[apk][adb_index]") {
    const std::string signed_one = *write_adb_index(sample(), spec, &test_key());
    for (const std::string& bytes : {*write_adb_index(sample(), spec, nullptr), signed_one}) {
        const Served served(bytes);
        REQUIRE(sign_adb_index(served.path(), test_key()));
        CHECK(*read_file(served.path()) == signed_one);
    }
    const Served other("no index");
    CHECK_FALSE(sign_adb_index(other.path(), test_key()));
    CHECK(*read_file(other.path()) == "no index");
}
