// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/installed_db.hpp"

#include "archive/byte_stream.hpp"
#include "archive/tar_reader.hpp"
#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

namespace {

InstalledPackage demo() {
    InstalledPackage package;
    package.info.name = "demo";
    package.info.version = "1.2-r3";
    package.info.architecture = "x86_64";
    package.info.description = "a package";
    package.info.url = "https://example.org";
    package.info.licenses = {"MIT", "BSD-2-Clause"};
    package.info.installed_size = 99;
    package.checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    package.file_size = 1234;
    return package;
}

InstalledEntry entry(
    archive::TarType type, std::string path, std::uint32_t mode, std::string checksum = ""
) {
    InstalledEntry installed;
    installed.entry.type = type;
    installed.entry.path = std::move(path);
    installed.entry.mode = mode;
    installed.checksum = std::move(checksum);
    return installed;
}

const std::string sha1_of_empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

std::map<std::string, std::string> members_of(const std::string& tar) {
    archive::StringSource source(tar);
    archive::TarReader reader(source);
    std::map<std::string, std::string> members;
    for (;;) {
        const auto next = reader.next();
        REQUIRE(next);
        if (!*next) {
            return members;
        }
        const auto content = reader.read_all(1000);
        REQUIRE(content);
        members[(*next)->path] = *content;
    }
}

}  // namespace

TEST_CASE("installed db: a stanza has the fields that a package has", "[rootfs][installed_db]") {
    CHECK(
        installed_database({demo()}) ==
        "C:Q1m+sdMKtErkREQmg/kWNgnKU1BfM=\n"
        "P:demo\nV:1.2-r3\nA:x86_64\nS:1234\nI:99\nT:a package\nU:https://example.org\n"
        "L:MIT AND BSD-2-Clause\n\n"
    );
}

TEST_CASE("installed db: fields that may be missing have their letters", "[rootfs][installed_db]") {
    InstalledPackage package = demo();
    package.info.origin = "source";
    package.info.maintainer = "A <a@example.org>";
    package.info.commit = "abc";
    package.info.build_date = 7;
    package.info.provider_priority = 5;
    package.info.replaces_priority = 6;
    package.info.depends = {"so:libc.so.6", "a>1"};
    package.info.provides = {"cmd:demo=1.2-r3"};
    package.info.install_if = {"x", "y"};
    package.info.replaces = {"old"};
    const std::string text = installed_database({package});
    const char* const line = GENERATE(
        "o:source\n",
        "m:A <a@example.org>\n",
        "t:7\n",
        "c:abc\n",
        "k:5\n",
        "q:6\n",
        "D:so:libc.so.6 a>1\n",
        "p:cmd:demo=1.2-r3\n",
        "i:x y\n",
        "r:old\n"
    );
    CAPTURE(line);
    CHECK(text.find(std::string("\n") + line) != std::string::npos);
}

TEST_CASE(
    "installed db: files stand below their directories in byte order", "[rootfs][installed_db]"
) {
    using archive::TarType;
    InstalledPackage package = demo();
    package.entries = {
        entry(TarType::directory, "usr", 0755),
        entry(TarType::directory, "usr/lib", 0700),
        entry(TarType::file, "usr/lib/b", 0644, sha1_of_empty),
        entry(TarType::file, "usr/lib/a", 04755, sha1_of_empty),
        entry(TarType::file, "top", 0644),
        entry(TarType::symlink, "usr/link", 0777, sha1_of_empty),
    };
    package.entries[1].entry.uid = 5;
    package.entries[1].entry.gid = 6;
    const std::string text = installed_database({package});
    CHECK(
        text.substr(text.find("F:")) ==
        "F:\nR:top\n"
        "F:usr\nR:link\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n"
        "F:usr/lib\nM:5:6:0700\n"
        "R:a\na:0:0:4755\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n"
        "R:b\nZ:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\n\n"
    );
}

TEST_CASE("installed db: packages stand in install order", "[rootfs][installed_db]") {
    InstalledPackage last = demo();
    last.info.name = "another";
    const std::string text = installed_database({demo(), last});
    CHECK(text.find("P:demo\n") < text.find("P:another\n"));
}

TEST_CASE("installed db: scripts and triggers are kept for clients", "[rootfs][installed_db]") {
    InstalledPackage package = demo();
    package.info.triggers = {"/usr/share/a", "/usr/share/b"};
    package.control_files = {
        {".PKGINFO", "p"},
        {".melange.yaml", "m"},
        {".post-install", "#!/bin/sh\n"},
        {".trigger", "t"}};
    ScratchRoot scratch;
    REQUIRE(write_database(scratch.tree, {package}));
    CHECK(
        scratch.read("usr/lib/apk/db/triggers") ==
        "Q1m+sdMKtErkREQmg/kWNgnKU1BfM= /usr/share/a /usr/share/b\n"
    );
    const auto members = members_of(scratch.read("usr/lib/apk/db/scripts.tar"));
    const std::string label = "demo-1.2-r3.Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    CHECK(members.size() == 2);
    CHECK(members.at(label + ".post-install") == "#!/bin/sh\n");
    CHECK(members.at(label + ".trigger") == "t");
}

TEST_CASE("installed db: it lies where both generations of apk look", "[rootfs][installed_db]") {
    ScratchRoot scratch;
    SECTION("lib is a directory") {
        REQUIRE(write_database(scratch.tree, {demo()}));
        CHECK(scratch.tree.link_target("lib/apk") == "../usr/lib/apk");
    }
    SECTION("lib is a link") {
        REQUIRE(scratch.tree.make_directories("usr/lib"));
        REQUIRE(scratch.tree.make_symlink("lib", "usr/lib"));
        REQUIRE(write_database(scratch.tree, {demo()}));
    }
    CHECK(scratch.read("lib/apk/db/installed") == scratch.read("usr/lib/apk/db/installed"));
    CHECK(scratch.read("lib/apk/db/installed").find("P:demo") != std::string::npos);
}

TEST_CASE("installed db: what a package lost is not listed with it", "[rootfs][installed_db]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {package_of("a", {file("x", "1"), file("y", "1")}),
         package_of("b", {file("x", "2")}, "replaces = a\n")}
    ));
    const std::string text = installed_database(scratch.placement.listed_packages());
    CHECK(text.find("R:x\n") == text.rfind("R:x\n"));
    CHECK(text.find("R:x\n") > text.find("P:b\n"));
}
