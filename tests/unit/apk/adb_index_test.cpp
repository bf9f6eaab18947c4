// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_index.hpp"

#include "support/digest.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>
#include <zlib.h>

#include <array>
#include <optional>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;

namespace {

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
    REQUIRE(at + size <= bytes.size());
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

/// A reader of its own, from the description of the format alone.
class Adb {
 public:
    explicit Adb(std::string_view payload) : payload_(payload) {}

    std::uint32_t root() const { return word(4); }
    std::uint32_t field(std::uint32_t object, std::uint32_t number) const {
        const std::uint32_t at = object & 0xfffffffU;
        return number < word(at) ? word(at + 4 * number) : 0;
    }
    std::size_t size(std::uint32_t list) const {
        return list == 0 ? 0 : word(list & 0xfffffffU) - 1;
    }
    std::string text(std::uint32_t value) const {
        const std::uint32_t at = value & 0xfffffffU;
        const std::uint32_t type = value >> 28U;
        if (value == 0) {
            return {};
        }
        REQUIRE((type >= 8 && type <= 10));
        const std::size_t width = std::size_t{1} << (type - 8);
        const std::size_t length = number_at(payload_, at, width);
        REQUIRE(at + width + length <= payload_.size());
        return std::string(payload_.substr(at + width, length));
    }
    std::uint64_t number(std::uint32_t value) const {
        const std::uint32_t rest = value & 0xfffffffU;
        switch (value >> 28U) {
            case 1:
                return rest;
            case 2:
                return number_at(payload_, rest, 4);
            case 3:
                return number_at(payload_, rest, 8);
            default:
                return 0;
        }
    }
    std::string relation(std::uint32_t object) const {
        const std::uint64_t match = number(field(object, 3));
        return text(field(object, 1)) + "|" + text(field(object, 2)) + "|" + std::to_string(match);
    }

 private:
    std::uint32_t word(std::size_t at) const {
        return static_cast<std::uint32_t>(number_at(payload_, at, 4));
    }
    std::string_view payload_;
};

struct Container {
    std::string payload;
    std::string signature;  ///< content of its block, empty if there is none
};

std::string inflate(std::string_view deflate) {
    z_stream stream = {};
    REQUIRE(::inflateInit2(&stream, -MAX_WBITS) == Z_OK);
    std::string input(deflate);
    std::string text(std::size_t{1} << 20U, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int status = ::inflate(&stream, Z_FINISH);
    text.resize(stream.total_out);
    ::inflateEnd(&stream);
    REQUIRE(status == Z_STREAM_END);
    return text;
}

Container open(std::string_view bytes) {
    REQUIRE(bytes.starts_with("ADBd"));
    const std::string plain = inflate(bytes.substr(4));
    REQUIRE(plain.starts_with("ADB.indx"));
    Container container;
    for (std::size_t at = 8; at < plain.size();) {
        const std::uint64_t head = number_at(plain, at, 4);
        const std::size_t size = head & 0x3fffffffU;
        REQUIRE(at + size <= plain.size());
        std::string content = plain.substr(at + 4, size - 4);
        (head >> 30U == 0 ? container.payload : container.signature) = std::move(content);
        at += (size + 7) / 8 * 8;
        REQUIRE(at <= plain.size());
    }
    return container;
}

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
    const Container container = open(*bytes);
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
    const Container container = open(*bytes);
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
    const Container container = open(*bytes);
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
