// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_writer.hpp"
#include "apk/package_v3_writer.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_reader.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "unit/apk/adb_by_hand.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace quern;
using namespace quern::apk;
using namespace quern::test;
using archive::TarEntry;
using archive::TarReader;
using archive::TarType;

namespace {

TempDir folder() {
    auto made = TempDir::create("/tmp", "quern-v3-");
    REQUIRE(made);
    return std::move(*made);
}

const std::string& large_content() {
    static const std::string content = [] {
        std::string text;
        for (int i = 0; text.size() < 400'000; ++i) {
            text += std::to_string(i * i);
        }
        return text;
    }();
    return content;
}

TarPart owned(TarPart part) {
    part.first.user_name = "root";
    part.first.group_name = "root";
    part.first.mtime = 1'700'000'000;
    return part;
}

/// A package with one of everything. `usr/lib/z` holds the content that `usr/bin/a`, earlier in
/// version 3, is another name of.
RawPackage sample() {
    RawPackage package;
    TarPart tool = file("usr/lib/z", large_content());
    tool.first.mode = 04755;
    tool.first.records.emplace_back("SCHILY.xattr.user.x", std::string("a\0b", 3));
    package.data_parts = {
        owned(file("root-file", "at the root\n")),
        owned(directory("usr")),
        owned(directory("usr/lib")),
        owned(tool),
        owned(directory("usr/bin")),
        owned(hard_link("usr/bin/a", "usr/lib/z")),
        owned(soft_link("usr/bin/b", "../lib/z")),
        owned(file("usr/empty", "")),
        owned(directory("usr-x")),
        owned(file("usr-x/c", "c")),
    };
    package.info =
        "pkgname = demo\npkgver = 1.2-r3\npkgdesc = a demonstration\nurl = https://example.org\n"
        "arch = x86_64\norigin = demo\nmaintainer = me\nbuilddate = 1700000000\n"
        "commit = aabbccddeeff00112233445566778899aabbccdd\nsize = 400012\nlicense = MIT\n"
        "license = Zlib\nreplaces_priority = 3\nprovider_priority = 7\ndepend = so:libc.so.6\n"
        "depend = !old\ndepend = b>=2\nprovides = cmd:a=1.2-r3\nreplaces = old<2\n"
        "install_if = b c=1\ntriggers = /usr/lib/* /usr\n";
    return package;
}

/// With a script.
std::string bytes_of(RawPackage package) {
    if (package.data.empty()) {
        package.data = member_of(package.data_parts, true);
    }
    TarPart script = plain(".post-install", "#!/bin/sh\nexit 0\n");
    TarPart settings = plain(".melange.yaml", "package: {}\n");
    const std::string info = package.info + "datahash = " + package.data_hash() + "\n";
    package.control = member_of({plain(".PKGINFO", info), script, settings}, false);
    return package.bytes();
}

struct Converted {
    WrittenPackage written;
    std::string bytes;
};

Converted convert(const std::string& v2, const PackageWriterOptions& options = {}) {
    const TempDir directory = folder();
    const auto package = open_bytes(v2);
    REQUIRE(package);
    const auto written = write_package_v3(*package, directory.path(), options);
    REQUIRE(written);
    const auto bytes = read_file(written->path);
    REQUIRE(bytes);
    return {*written, *bytes};
}

struct Seen {
    TarEntry entry;
    std::string content;
};

std::map<std::string, Seen> files_of(const std::string& bytes) {
    const auto package = open_bytes(bytes);
    REQUIRE(package);
    std::map<std::string, Seen> seen;
    const auto read =
        package->read_data([&](const TarEntry& entry, TarReader& content) -> Result<void> {
            QUERN_TRY(std::string text, content.read_all(1U << 20U));
            seen[entry.path] = {entry, std::move(text)};
            return {};
        });
    REQUIRE(read);
    return seen;
}

/// The plain bytes of a package that we wrote.
std::string plain_of(const std::string& bytes) {
    return inflate(bytes.substr(4));
}

std::string raw_sha256(std::string_view text) {
    const Digest digest = digest_of(DigestKind::sha256, text);
    return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

std::string problem_of(const std::string& bytes, const PackageLimits& limits = {}) {
    const auto verified = verify_bytes(bytes, limits);
    return verified ? "" : verified.error().message();
}

}  // namespace

TEST_CASE("package v3: what is written reads as it was in version 2", "[apk][package_v3]") {
    const std::string v2 = bytes_of(sample());
    const Converted v3 = convert(v2, {.key = &test_key()});
    auto before = files_of(v2);
    const auto after = files_of(v3.bytes);
    REQUIRE(after.size() == before.size());
    // The content stands under the first name.
    std::swap(before["usr/bin/a"], before["usr/lib/z"]);
    for (const auto& [path, seen] : after) {
        CAPTURE(path);
        const TarEntry& old = before[path].entry;
        CHECK(seen.entry.type == old.type);
        CHECK(seen.content == before[path].content);
        CHECK(seen.entry.user_name == "root");
        CHECK(seen.entry.uid == 0);
        if (old.type != TarType::hard_link) {
            CHECK(seen.entry.mode == old.mode);
            CHECK(seen.entry.records == old.records);
            CHECK(seen.entry.link_target == old.link_target);
        }
        CHECK(seen.entry.mtime == (old.type == TarType::directory ? 0 : 1'700'000'000));
    }
    CHECK(after.at("usr/lib/z").entry.link_target == "usr/bin/a");
}

TEST_CASE("package v3: it says of itself what it did in version 2", "[apk][package_v3]") {
    const std::string v2 = bytes_of(sample());
    const Converted v3 = convert(v2);
    const auto before = open_bytes(v2);
    const auto after = open_bytes(v3.bytes);
    REQUIRE(before);
    REQUIRE(after);
    const PackageInfo& info = after->info();
    CHECK(info.name == "demo");
    CHECK(info.version == "1.2-r3");
    CHECK(info.description == before->info().description);
    CHECK(info.url == before->info().url);
    CHECK(info.commit == before->info().commit);
    CHECK(info.maintainer == "me");
    CHECK(info.build_date == before->info().build_date);
    CHECK(info.installed_size == before->info().installed_size);
    CHECK(info.licenses == std::vector<std::string>{"MIT AND Zlib"});
    CHECK(info.depends == std::vector<std::string>{"b>=2", "!old", "so:libc.so.6"});
    CHECK(info.provides == before->info().provides);
    CHECK(info.replaces == before->info().replaces);
    CHECK(info.install_if == before->info().install_if);
    CHECK(info.triggers == before->info().triggers);
    CHECK(info.replaces_priority == 3U);
    CHECK(info.provider_priority == 7U);
    CHECK(info.data_hash.empty());
    const PackageHead& head = after->head();
    CHECK(head.checksum == v3.written.checksum);
    CHECK(head.checksum.starts_with("Q2"));
    CHECK(head.file_size == v3.bytes.size());
    CHECK(v3.written.file_size == v3.bytes.size());
    CHECK(head.control_files.at(".post-install") == "#!/bin/sh\nexit 0\n");
    CHECK(head.control_files.count(".melange.yaml") == 0);
}

TEST_CASE("package v3: the same package is the same bytes", "[apk][package_v3]") {
    const std::string once = convert(bytes_of(sample()), {.key = &test_key()}).bytes;
    ThreadPool pool(3);
    CHECK(once == convert(bytes_of(sample()), {.key = &test_key(), .pool = &pool}).bytes);
    // What compressed the data of version 2 does not matter.
    RawPackage other = sample();
    const auto data = archive::gzip_compress(tar_of(other.data_parts, false), {.level = 1});
    REQUIRE(data);
    other.data = *data;
    CHECK(once == convert(bytes_of(other), {.key = &test_key()}).bytes);
}

TEST_CASE("package v3: the format is as it is described", "[apk][package_v3]") {
    const Converted v3 = convert(bytes_of(sample()), {.key = &test_key()});
    const Container parts = open_adb(v3.bytes, "pckg");
    const Adb adb(parts.payload);
    const std::uint32_t info = adb.field(adb.root(), 1);
    CHECK(adb.text(adb.field(info, 1)) == "demo");
    CHECK(adb.text(adb.field(info, 6)) == "MIT AND Zlib");
    CHECK(adb.relation(adb.field(adb.field(info, 17), 1)) == "old|2|2");
    // The id of the package is a digest of the payload without it.
    const std::string id = adb.text(adb.field(info, 3));
    REQUIRE(id.size() == 20);
    std::string without = parts.payload;
    without.replace(without.find(id), 20, 20, '\0');
    CHECK(id == raw_sha256(without).substr(0, 20));
    const std::uint32_t paths = adb.field(adb.root(), 2);
    std::string names;
    for (std::uint32_t i = 1; i <= adb.size(paths); ++i) {
        const std::uint32_t directory = adb.field(paths, i);
        names += adb.text(adb.field(directory, 1)) + ":";
        const std::uint32_t files = adb.field(directory, 3);
        for (std::uint32_t j = 1; j <= adb.size(files); ++j) {
            names += " " + adb.text(adb.field(adb.field(files, j), 1));
        }
        names += "\n";
    }
    CHECK(names == ": root-file\nusr: empty\nusr-x: c\nusr/bin: a b\nusr/lib: z\n");
    const std::uint32_t bin = adb.field(adb.field(paths, 4), 3);
    const std::uint32_t tool = adb.field(bin, 1);
    CHECK(adb.number(adb.field(tool, 3)) == large_content().size());
    CHECK(adb.number(adb.field(tool, 4)) == 1'700'000'000);
    CHECK(adb.text(adb.field(tool, 5)) == raw_sha256(large_content()));
    const std::uint32_t owner = adb.field(tool, 2);
    CHECK(adb.number(adb.field(owner, 1)) == 04755);
    CHECK(adb.text(adb.field(owner, 2)) == "root");
    CHECK(adb.text(adb.field(adb.field(owner, 4), 1)) == std::string("user.x\0a\0b", 10));
    CHECK(adb.text(adb.field(adb.field(bin, 2), 6)) == std::string("\x00\xa0", 2) + "../lib/z");
    const std::uint32_t link = adb.field(adb.field(adb.field(paths, 5), 3), 1);
    CHECK(adb.text(adb.field(link, 6)) == std::string("\x00\x80", 2) + "usr/bin/a");
    CHECK(adb.text(adb.field(adb.field(adb.root(), 3), 3)) == "#!/bin/sh\nexit 0\n");
    REQUIRE(adb.size(adb.field(adb.root(), 4)) == 2);
    CHECK(adb.text(adb.field(adb.field(adb.root(), 4), 1)) == "/usr/lib/*");
    CHECK(adb.number(adb.field(adb.root(), 5)) == 3);
    // Content in the order of the list, each with its place.
    REQUIRE(parts.data.size() == 3);
    CHECK(parts.data[0] == little_endian(1, 4) + little_endian(1, 4) + "at the root\n");
    CHECK(parts.data[1] == little_endian(3, 4) + little_endian(1, 4) + "c");
    CHECK(parts.data[2] == little_endian(4, 4) + little_endian(1, 4) + large_content());
    const std::string head = parts.signature.substr(0, 18);
    const Digest digest = digest_of(DigestKind::sha512, parts.payload);
    SignedDigests digests;
    digests.update("pckg");
    digests.update(head);
    digests.update({reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()});
    CHECK(test_keyring().verify(
        {{SignatureKind::rsa512, "test.rsa.pub", parts.signature.substr(18)}}, digests
    ));
}

TEST_CASE("package v3: the signature is found by the id of the key", "[apk][package_v3]") {
    const Converted v3 = convert(bytes_of(sample()), {.key = &test_key()});
    const auto package = open_bytes(v3.bytes);
    REQUIRE(package);
    Keyring renamed;
    REQUIRE(renamed.add("other.pub", *PublicKey::parse(public_pem())));
    const auto signer = package->verify_signature(renamed);
    REQUIRE(signer);
    CHECK(*signer == "other.pub");
    const auto untrusted = package->verify_signature({});
    REQUIRE_FALSE(untrusted);
    CHECK(untrusted.error().code() == ErrorCode::signature);
    CHECK_THAT(untrusted.error().message(), Catch::Contains("is not trusted"));
    const auto unsigned_package = open_bytes(convert(bytes_of(sample())).bytes);
    REQUIRE(unsigned_package);
    CHECK(unsigned_package->verify_signature(renamed).error().code() == ErrorCode::signature);
}

TEST_CASE("package v3: a byte that was changed is found", "[apk][package_v3]") {
    const std::string plain = plain_of(convert(bytes_of(sample()), {.key = &test_key()}).bytes);
    REQUIRE(problem_of(plain).empty());
    std::string content = plain;
    content[content.find("at the root")] = 'A';
    CHECK_THAT(problem_of(content), Catch::Contains("'root-file' is not what its SHA-256 says"));
    std::string listed = plain;
    listed[listed.find("a demonstration")] = 'A';
    const auto package = open_bytes(listed);
    REQUIRE(package);
    const auto signer = package->verify_signature(test_keyring());
    REQUIRE_FALSE(signer);
    CHECK_THAT(signer.error().message(), Catch::Contains("does not match"));
}

TEST_CASE("package v3: an owner without a name cannot be written", "[apk][package_v3]") {
    RawPackage package = sample();
    package.data_parts[1].first.user_name.clear();
    package.data_parts[1].first.uid = 1000;
    const TempDir directory = folder();
    const auto opened = open_bytes(bytes_of(package));
    REQUIRE(opened);
    const auto written = write_package_v3(*opened, directory.path(), {});
    REQUIRE_FALSE(written);
    CHECK_THAT(written.error().message(), Catch::Contains("'usr' belongs to 1000"));
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("package v3: a link to what is not installed cannot be written", "[apk][package_v3]") {
    RawPackage package = sample();
    package.data_parts = {owned(file(".hidden", "x")), owned(hard_link("f", ".hidden"))};
    const TempDir directory = folder();
    const auto opened = open_bytes(bytes_of(package));
    REQUIRE(opened);
    const auto written = write_package_v3(*opened, directory.path(), {});
    REQUIRE_FALSE(written);
    CHECK_THAT(written.error().message(), Catch::Contains("do not install"));
}

TEST_CASE("package v3: signing a package gives what writing it signed gives", "[apk][package_v3]") {
    const TempDir directory = folder();
    const auto path = directory.path() / "demo.apk";
    const Converted unsigned_one = convert(bytes_of(sample()));
    const Converted signed_one = convert(bytes_of(sample()), {.key = &test_key()});
    for (const std::string& bytes : {unsigned_one.bytes, signed_one.bytes}) {
        REQUIRE(write_file_atomically(path, bytes));
        REQUIRE(sign_package(path, test_key()));
        CHECK(*read_file(path) == signed_one.bytes);
    }
    std::string damaged = plain_of(unsigned_one.bytes);
    damaged[damaged.find("at the root")] = 'A';
    REQUIRE(write_file_atomically(path, damaged));
    CHECK_FALSE(sign_package(path, test_key()));
    CHECK(*read_file(path) == damaged);
}
