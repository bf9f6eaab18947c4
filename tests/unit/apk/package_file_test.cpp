// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/package_file.hpp"

#include "apk/signature_section.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_reader.hpp"
#include "support/atomic_file.hpp"
#include "support/cancel.hpp"
#include "support/digest.hpp"
#include "unit/apk/test_keys.hpp"
#include "unit/apk/test_packages.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace quern;
using namespace quern::test;
using archive::TarEntry;
using archive::TarReader;

namespace {

/// The error of a package that must be refused.
Error refusal(std::string_view bytes, const apk::PackageLimits& limits = {}) {
    auto verified = verify_bytes(bytes, limits);
    REQUIRE_FALSE(verified);
    return verified.error();
}

Error refusal(RawPackage package) {
    return refusal(package.bytes());
}

std::string signature_over(std::string_view control) {
    apk::SignedDigests digests;
    digests.update(control);
    return *apk::make_signature_section(*test_key().sign(digests), 0);
}

bool mentions(const Error& error, std::string_view text) {
    return error.message().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("package_file: the head says what the package is", "[apk][package_file]") {
    RawPackage raw;
    const std::string bytes = raw.bytes();
    const auto package = open_bytes(bytes);
    REQUIRE(package);
    const apk::PackageHead& head = package->head();
    CHECK(package->info().name == "demo");
    CHECK(head.control_bytes == raw.control);
    CHECK(head.checksum == "Q1" + digest_of(DigestKind::sha1, raw.control).base64());
    CHECK(head.data_offset == raw.control.size());
    CHECK(head.file_size == bytes.size());
    CHECK(head.signatures.empty());
    CHECK(head.control_files.size() == 1);
    CHECK(package->verify_data());
}

TEST_CASE(
    "package_file: the visitor sees every entry and may leave content unread", "[apk][package_file]"
) {
    RawPackage raw;
    raw.data_parts.push_back(file("usr/d", std::string(300000, 'd')));
    raw.data_parts.push_back(file("usr/e", ""));
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    std::vector<std::string> paths;
    std::string content;
    const auto visit = [&](const TarEntry& entry, TarReader& reader) -> Result<void> {
        paths.push_back(entry.path);
        if (entry.path == "usr/a") {
            QUERN_TRY(content, reader.read_all(100));
        }
        return {};
    };
    REQUIRE(package->read_data(visit));
    CHECK(paths == std::vector<std::string>{"usr", "usr/a", "usr/b", "usr/c", "usr/d", "usr/e"});
    CHECK(content == "hello\n");
    REQUIRE(package->read_data(visit));
    CHECK(paths.size() == 12);
}

TEST_CASE("package_file: an error of the visitor ends the reading", "[apk][package_file]") {
    RawPackage raw;
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    const auto read = package->read_data([](const TarEntry&, TarReader&) -> Result<void> {
        return Error(ErrorCode::interrupted, "enough");
    });
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::interrupted);
}

TEST_CASE("package_file: who asks to stop ends the reading", "[apk][package_file]") {
    RawPackage raw;
    CancelToken cancel;
    apk::PackageLimits limits;
    limits.cancel = &cancel;
    const auto package = open_bytes(raw.bytes(), limits);
    REQUIRE(package);
    CHECK(package->verify_data());
    cancel.request();
    const auto read = package->verify_data();
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == ErrorCode::interrupted);
}

TEST_CASE("package_file: the signature is over the control section", "[apk][package_file]") {
    RawPackage raw;
    raw.bytes();
    raw.signature = signature_over(raw.control);
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    CHECK(package->head().signatures.size() == 1);
    CHECK(package->head().data_offset == raw.signature.size() + raw.control.size());
    CHECK(*package->verify_signature(test_keyring()) == "test.rsa.pub");
    CHECK(package->verify_data());
    RawPackage other;
    other.info += "pkgdesc = changed\n";
    other.signature = raw.signature;
    CHECK(
        open_bytes(other.bytes())->verify_signature(test_keyring()).error().code() ==
        ErrorCode::signature
    );
    CHECK(
        open_bytes(RawPackage().bytes())->verify_signature(test_keyring()).error().code() ==
        ErrorCode::signature
    );
}

TEST_CASE(
    "package_file: other data under the right control section is refused", "[apk][package_file]"
) {
    RawPackage raw;
    raw.bytes();
    raw.data = member_of({directory("usr"), file("usr/a", "evil!\n")}, true);
    const Error error = refusal(raw);
    CHECK(error.code() == ErrorCode::digest_mismatch);
    CHECK(mentions(error, "datahash"));
}

TEST_CASE(
    "package_file: a file that differs from its own checksum is refused, read or not",
    "[apk][package_file]"
) {
    const std::string content = GENERATE(as<std::string>{}, "", "short", std::string(200000, 'x'));
    RawPackage raw;
    raw.data_parts.push_back(file("usr/z", content));
    raw.data_parts.back().first.records[0].second = std::string(40, '0');
    CHECK(refusal(raw).code() == ErrorCode::digest_mismatch);
    CHECK(mentions(refusal(raw), "usr/z"));
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    bool given = false;
    const auto read =
        package->read_data([&](const TarEntry& entry, TarReader& reader) -> Result<void> {
            if (entry.path == "usr/z") {
                QUERN_TRY(const std::string text, reader.read_all(1U << 20U));
                given = true;
            }
            return {};
        });
    CHECK(read.error().code() == ErrorCode::digest_mismatch);
    CHECK_FALSE(given);
}

TEST_CASE(
    "package_file: a link's target is checked as abuild and melange record it",
    "[apk][package_file]"
) {
    const std::string target(150, 't');
    RawPackage raw;
    raw.data_parts.push_back(soft_link("usr/l", target));
    SECTION("whole") {
        CHECK(verify_bytes(raw.bytes()));
    }
    SECTION("upper case") {
        raw.data_parts.back() = soft_link("usr/l", "a");
        raw.data_parts.back().first.records[0].second = "86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8";
        CHECK(verify_bytes(raw.bytes()));
    }
    SECTION("first hundred bytes") {
        raw.data_parts.back().first.records[0].second =
            digest_of(DigestKind::sha1, target.substr(0, 100)).hex();
        CHECK(verify_bytes(raw.bytes()));
    }
    SECTION("none") {
        raw.data_parts.back().first.records.clear();
        CHECK(verify_bytes(raw.bytes()));
    }
    SECTION("wrong") {
        raw.data_parts.back().first.records[0].second = std::string(40, '0');
        CHECK(refusal(raw).code() == ErrorCode::digest_mismatch);
    }
}

TEST_CASE(
    "package_file: entries that could harm or cannot be installed are refused",
    "[apk][package_file]"
) {
    const auto [part, word] = GENERATE(table<TarPart, std::string>({
        {file("../evil", "x"), "evil"},
        {file("/etc/passwd", "x"), "/etc/passwd"},
        {file("./usr/x", "x"), "./usr/x"},
        {file("usr/../../x", "x"), "usr/../../x"},
        {file("usr//x", "x"), "usr//x"},
        {file("usr/a", "again"), "twice"},
        {file("usr", "over a directory"), "twice"},
        {directory("usr/a"), "twice"},
        {file("usr/b/passwd", "x"), "below"},
        {file("usr/b/deep/passwd", "x"), "below"},
        {file("usr/a/x", "x"), "below"},
        {soft_link("usr/n", ""), "to nothing"},
        {hard_link("usr/h", "usr/missing"), "hard link"},
        {hard_link("usr/h", "../../etc/shadow"), "hard link"},
        {hard_link("usr/h", "usr/b"), "hard link"},
        {hard_link("usr/h", "usr"), "hard link"},
        {hard_link("usr/h", "usr/h"), "hard link"},
        {file("usr/new\nline", "x"), "control character"},
        {file("usr/esc\x1b[2J", "x"), "control character"},
        {plain("usr/unrecorded", "x"), "APK-TOOLS.checksum.SHA1"},
    }));
    CAPTURE(part.first.path);
    RawPackage raw;
    raw.data_parts.push_back(part);
    const Error error = refusal(raw);
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(mentions(error, word));
    CHECK(error.message().find_first_of("\n\x1b") == std::string::npos);
}

TEST_CASE(
    "package_file: a link cannot take the place of a directory that has no entry",
    "[apk][package_file]"
) {
    RawPackage raw;
    raw.data_parts = {file("lib/x", "x"), soft_link("lib", "/etc"), file("lib/passwd", "x")};
    CHECK(mentions(refusal(raw), "twice"));
}

TEST_CASE(
    "package_file: a directory may stand twice and parents may be missing", "[apk][package_file]"
) {
    RawPackage raw;
    raw.data_parts = {
        file("usr/share/doc/x", "x"), directory("usr"), directory("usr"), file("usr/y", "y")};
    CHECK(verify_bytes(raw.bytes()));
}

TEST_CASE("package_file: bytes and members behind the last are refused", "[apk][package_file]") {
    RawPackage raw;
    raw.behind = GENERATE(
        as<std::string>{}, "x", std::string(512, '\0'), archive::gzip_compress("more").value_or("")
    );
    CHECK(refusal(raw).code() == ErrorCode::invalid_data);
    CHECK(mentions(refusal(raw), "behind the data section"));
}

TEST_CASE("package_file: data in two members are refused", "[apk][package_file]") {
    RawPackage raw;
    raw.data = member_of({directory("usr")}, false) + member_of({file("usr/a", "x")}, true);
    CHECK(mentions(refusal(raw), "behind the data section"));
}

TEST_CASE(
    "package_file: control sections that clients or we cannot trust are refused",
    "[apk][package_file]"
) {
    RawPackage raw;
    raw.bytes();
    const std::string info = raw.info + "datahash = " + raw.data_hash() + "\n";
    SECTION("without .PKGINFO") {
        raw.control = member_of({plain(".post-install", "#!/bin/sh\n")}, false);
        CHECK(mentions(refusal(raw), ".PKGINFO"));
    }
    SECTION(".PKGINFO twice") {
        raw.control = member_of({plain(".PKGINFO", info), plain(".PKGINFO", info)}, false);
        CHECK(mentions(refusal(raw), "twice"));
    }
    SECTION("without datahash") {
        raw.control = member_of({plain(".PKGINFO", raw.info)}, false);
        CHECK(mentions(refusal(raw), "datahash"));
    }
    SECTION("with end blocks") {
        raw.control = member_of({plain(".PKGINFO", info)}, true);
        CHECK(mentions(refusal(raw), "end blocks"));
    }
    SECTION("with a signature inside") {
        raw.control =
            member_of({plain(".PKGINFO", info), plain(".SIGN.RSA256.x.rsa.pub", "s")}, false);
        CHECK(mentions(refusal(raw), ".SIGN.RSA256"));
    }
    SECTION("with a path") {
        raw.control = member_of({plain(".PKGINFO", info), plain(".x/../y", "s")}, false);
        CHECK(refusal(raw).code() == ErrorCode::invalid_data);
    }
    SECTION("with a link") {
        raw.control =
            member_of({plain(".PKGINFO", info), soft_link(".post-install", "/bin/sh")}, false);
        CHECK(mentions(refusal(raw), "not a regular file"));
    }
    SECTION("with a hostile name") {
        raw.control = member_of(
            {plain(
                ".PKGINFO", "pkgname = ../../x\npkgver = 1\ndatahash = " + raw.data_hash() + "\n"
            )},
            false
        );
        CHECK(mentions(refusal(raw), "pkgname"));
    }
}

TEST_CASE("package_file: a script may stand before .PKGINFO", "[apk][package_file]") {
    RawPackage raw;
    raw.bytes();
    const std::string info = raw.info + "datahash = " + raw.data_hash() + "\n";
    raw.control =
        member_of({plain(".post-install", "#!/bin/sh\n"), plain(".PKGINFO", info)}, false);
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    CHECK(package->head().control_files.at(".post-install") == "#!/bin/sh\n");
    CHECK(package->verify_data());
}

TEST_CASE("package_file: signature sections hold signatures only", "[apk][package_file]") {
    RawPackage raw;
    raw.bytes();
    const auto [part, word] = GENERATE(table<TarPart, std::string>({
        {plain(".PKGINFO", "pkgname = evil\npkgver = 1\n"), ".PKGINFO"},
        {plain("APKINDEX", "P:evil"), "APKINDEX"},
        {plain(".SIGN.RSA256.../../x.pub", "s"), "names no key file"},
        {plain(".SIGN.RSA256./etc/x.pub", "s"), "names no key file"},
        {plain(".SIGN.RSA256.", "s"), "names no key file"},
        {soft_link(".SIGN.RSA.x.pub", "/etc/shadow"), "not a regular file"},
    }));
    CAPTURE(part.first.path);
    raw.signature = member_of({plain(".SIGN.RSA256.a.rsa.pub", "s"), part}, false);
    CHECK(refusal(raw).code() == ErrorCode::invalid_data);
    CHECK(mentions(refusal(raw), word));
}

TEST_CASE("package_file: signatures of unknown kinds are left out", "[apk][package_file]") {
    RawPackage raw;
    raw.signature =
        member_of({plain(".SIGN.RSA384.a.rsa.pub", "s"), plain(".SIGN.RSA.b.rsa.pub", "s")}, false);
    const auto package = open_bytes(raw.bytes());
    REQUIRE(package);
    REQUIRE(package->head().signatures.size() == 1);
    CHECK(package->head().signatures[0].kind == apk::SignatureKind::rsa);
    CHECK(package->head().signatures[0].key_name == "b.rsa.pub");
    raw.signature = member_of({plain(".SIGN.RSA256.a.rsa.pub", "s")}, true);
    CHECK(mentions(refusal(raw), "end blocks"));
}

TEST_CASE("package_file: sections in the wrong order are refused", "[apk][package_file]") {
    RawPackage raw;
    const std::string all = raw.bytes();
    CHECK(refusal(raw.data + raw.control).code() == ErrorCode::invalid_data);
    CHECK(refusal(raw.data).code() == ErrorCode::invalid_data);
    CHECK(refusal(raw.control + signature_over(raw.control) + raw.data).code() != ErrorCode::io);
    std::vector<TarPart> one = {
        plain(".PKGINFO", raw.info + "datahash = " + raw.data_hash() + "\n")};
    one.insert(one.end(), raw.data_parts.begin(), raw.data_parts.end());
    CHECK(refusal(member_of(one, true)).code() == ErrorCode::invalid_data);
}

TEST_CASE("package_file: every truncation is noticed", "[apk][package_file]") {
    RawPackage raw;
    raw.bytes();
    raw.signature = signature_over(raw.control);
    const std::string bytes = raw.bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CAPTURE(length);
        auto verified = verify_bytes(std::string_view(bytes).substr(0, length));
        REQUIRE_FALSE(verified);
        CHECK(verified.error().code() != ErrorCode::io);
    }
}

TEST_CASE(
    "package_file: every changed byte of control and data is noticed", "[apk][package_file]"
) {
    RawPackage raw;
    raw.bytes();
    raw.signature = signature_over(raw.control);
    const std::string bytes = raw.bytes();
    for (std::size_t i = raw.signature.size(); i < bytes.size(); ++i) {
        CAPTURE(i);
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        const auto package = open_bytes(changed);
        CHECK((!package || !package->verify_signature(test_keyring()) || !package->verify_data()));
    }
}

TEST_CASE("package_file: limits are held and name their flag", "[apk][package_file]") {
    RawPackage raw;
    raw.data_parts.push_back(file("usr/big", std::string(100000, 'x')));
    const std::string bytes = raw.bytes();
    CHECK(
        refusal(bytes, {.control_bytes = 100}).help().find("--max-package-control-bytes") !=
        std::string::npos
    );
    CHECK(refusal(bytes, {.data_bytes = 5000}).code() == ErrorCode::limit);
    CHECK(
        refusal(bytes, {.data_bytes = 5000}).help().find("--max-package-data-bytes") !=
        std::string::npos
    );
    CHECK(refusal(bytes, {.entries = 2}).code() == ErrorCode::limit);
}

TEST_CASE(
    "package_file: only regular files are opened, and none is waited for", "[apk][package_file]"
) {
    const auto folder = TempDir::create("/tmp", "quern-package-");
    REQUIRE(folder);
    const auto fifo = folder->path() / "fifo.apk";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(apk::PackageFile::open(fifo).error().code() == ErrorCode::invalid_data);
    CHECK(apk::PackageFile::open(folder->path()).error().code() == ErrorCode::invalid_data);
    CHECK(
        apk::PackageFile::open(folder->path() / "missing.apk").error().code() ==
        ErrorCode::not_found
    );
    REQUIRE(write_file_atomically(folder->path() / "empty.apk", ""));
    const auto empty = apk::PackageFile::open(folder->path() / "empty.apk");
    CHECK(empty.error().message().find("empty.apk") != std::string::npos);
}

TEST_CASE("package_file: what is no package is told with the next move", "[apk][package_file]") {
    const auto folder = TempDir::create("/tmp", "quern-package-");
    REQUIRE(folder);
    const auto refused = [&](const std::string& name) {
        const auto package = apk::PackageFile::open(folder->path() / name);
        REQUIRE_FALSE(package);
        return package.error().message() + " | " + package.error().help();
    };
    REQUIRE(write_file_atomically(folder->path() / "recipe.yaml", "package: {}\n"));
    REQUIRE(write_file_atomically(folder->path() / "empty.apk", ""));
    REQUIRE(write_file_atomically(folder->path() / "cut.apk", RawPackage().bytes().substr(0, 60)));
    CHECK_THAT(refused("recipe.yaml"), Catch::Contains("not a package (.apk) | "));
    CHECK_THAT(refused("empty.apk"), Catch::Contains("an empty file, not a package | "));
    CHECK_THAT(refused("cut.apk"), Catch::Contains("truncated | the file is damaged: fetch"));
    CHECK_THAT(refused("."), Catch::Contains("a directory, not a package | name the packages"));
    CHECK_THAT(refused("missing.apk"), Catch::Contains("| name the file of a package"));
}
