// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/installer.hpp"

#include "image/database.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

using namespace quern;
using archive::TarType;
using image::DataEntry;
using image::Installer;
using image::PackageData;
using image::RootTree;

namespace {

DataEntry entry(TarType type, const std::string& path, const std::string& checksum = "") {
    DataEntry made;
    made.entry.type = type;
    made.entry.path = path;
    made.entry.mode = type == TarType::directory ? 0755 : 0644;
    made.checksum = checksum;
    return made;
}

const std::string one(40, '1');
const std::string two(40, '2');

PackageData package(const std::string& name, std::vector<DataEntry> entries) {
    PackageData made;
    made.info.name = name;
    made.info.version = "1-r0";
    made.info.origin = name;
    made.entries = std::move(entries);
    return made;
}

}  // namespace

TEST_CASE("installer: the same file of two packages stays the first one's", "[image][installer]") {
    RootTree tree;
    Installer installer(tree, false);
    REQUIRE(installer.install(package("a", {entry(TarType::file, "x", one)})));
    REQUIRE(installer.install(package("b", {entry(TarType::file, "x", one)})));
    CHECK(tree.find("x")->package == 0);
    CHECK(installer.packages()[1].entries.empty());
}

TEST_CASE("installer: different content names both packages", "[image][installer]") {
    RootTree tree;
    Installer installer(tree, false);
    REQUIRE(installer.install(package("a", {entry(TarType::file, "x", one)})));
    const auto done = installer.install(package("b", {entry(TarType::file, "x", two)}));
    REQUIRE(!done);
    CHECK(done.error().message().find("a-1-r0 and b-1-r0") != std::string::npos);
}

TEST_CASE("installer: who replaces takes the file over", "[image][installer]") {
    RootTree tree;
    Installer installer(tree, false);
    REQUIRE(installer.install(package("a", {entry(TarType::file, "x", one)})));
    PackageData later = package("b", {entry(TarType::file, "x", two)});
    later.info.replaces = {"a"};
    REQUIRE(installer.install(std::move(later)));
    CHECK(tree.find("x")->package == 1);
    CHECK(installer.packages()[0].entries.empty());
}

TEST_CASE("installer: a file through a planted link stays in the image", "[image][installer]") {
    RootTree tree;
    Installer installer(tree, false);
    DataEntry link = entry(TarType::symlink, "out", one);
    link.entry.link_target = "../../../../etc";
    REQUIRE(installer.install(package("a", {entry(TarType::directory, "etc"), link})));
    REQUIRE(installer.install(package("b", {entry(TarType::file, "out/passwd", two)})));
    CHECK(tree.find("etc/passwd") != nullptr);
}

TEST_CASE("installer: devices and pipes of packages are refused", "[image][installer]") {
    const TarType type = GENERATE(TarType::character_device, TarType::block_device, TarType::fifo);
    RootTree tree;
    Installer installer(tree, false);
    const auto done = installer.install(package("a", {entry(type, "dev/x")}));
    REQUIRE(!done);
    CHECK(done.error().code() == ErrorCode::unsupported);
}

TEST_CASE("installer: owners are kept where that is asked for", "[image][installer]") {
    const bool keeps = GENERATE(true, false);
    RootTree tree;
    Installer installer(tree, keeps);
    DataEntry directory = entry(TarType::directory, "d");
    directory.entry.mode = 01777;
    directory.entry.uid = 501;
    REQUIRE(installer.install(package("a", {directory})));
    CHECK(tree.find("d")->uid == (keeps ? 501U : 0U));
    CHECK(tree.find("d")->mode == (keeps ? 01777U : 0777U));
}

TEST_CASE("installer: a package may keep its owners in any image", "[image][installer]") {
    RootTree tree;
    Installer installer(tree, false);
    DataEntry file = entry(TarType::file, "x", one);
    file.entry.uid = 501;
    file.entry.gid = 502;
    PackageData files = package("files", {file});
    files.keeps_owners = true;
    REQUIRE(installer.install(std::move(files)));
    file.entry.path = "y";
    REQUIRE(installer.install(package("b", {file})));
    CHECK(tree.find("x")->uid == 501);
    CHECK(tree.find("x")->gid == 502);
    CHECK(tree.find("y")->uid == 0);
}

TEST_CASE("database: files stand before directories", "[image][database]") {
    image::Installed installed;
    installed.info.name = "a";
    installed.info.version = "1-r0";
    installed.entries = {
        entry(TarType::directory, "d"),
        entry(TarType::directory, "d/a"),
        entry(TarType::file, "d/b", one),
        entry(TarType::file, "d/a/c", one),
        entry(TarType::file, "orphan/x", one),
    };
    const std::string text = image::installed_record(installed);
    CHECK(text.find("F:d\nR:b\n") != std::string::npos);
    CHECK(text.find("R:b") < text.find("F:d/a\nR:c\n"));
    CHECK(text.find("orphan") == std::string::npos);
    CHECK(text.ends_with("\n\n"));
}
