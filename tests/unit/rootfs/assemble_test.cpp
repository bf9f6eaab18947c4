// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/assemble.hpp"

#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "unit/repository/built_packages.hpp"
#include "unit/rootfs/local_packages.hpp"
#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <functional>
#include <string>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

namespace {

/// A root made of `packages` beside them.
struct Assembled {
    explicit Assembled(LocalPackages& packages)
        : root(*FileTree::create(packages.directory.path() / "root")),
          report(assemble(
              root, packages.description, packages.store, packages.options(), packages.reporter
          )) {}
    std::string read(const std::string& path) const { return root.read(path).value_or("?"); }
    mode_t mode(const std::string& path) const {
        const auto status = root.status(path);
        return status ? status->st_mode & 07777U : 0;
    }

    FileTree root;
    Result<AssembleReport> report;
};

}  // namespace

TEST_CASE("assemble: a root without packages has what every root has", "[rootfs][assemble]") {
    LocalPackages packages;
    packages.description.world = {"busybox", "make"};
    packages.description.repositories = {"https://example.org/a", "/b"};
    packages.description.keys = {{"a.rsa.pub", "PEM\n"}};
    const Assembled made(packages);
    REQUIRE(made.report);
    CHECK(made.report->files == 0);
    CHECK(made.mode("tmp") == 01777);
    CHECK(made.mode("proc") == 0555);
    CHECK(made.mode("home") == 0755);
    CHECK(made.root.status("home")->st_mtime == 0);  // no clock's time
    CHECK(made.root.status("etc")->st_mtime == 0);
    CHECK(made.read("etc/apk/arch") == "x86_64\n");
    CHECK(made.read("etc/apk/world") == "busybox\nmake\n");
    CHECK(made.read("etc/apk/repositories") == "https://example.org/a\n/b\n");
    CHECK(made.read("etc/apk/keys/a.rsa.pub") == "PEM\n");
    CHECK(made.read("usr/lib/apk/db/installed").empty());
    CHECK(made.root.status("lib/apk")->st_size == 14);
}

TEST_CASE("assemble: packages are unpacked, counted and listed", "[rootfs][assemble]") {
    LocalPackages packages;
    packages.add(package_of("a", {directory("usr"), file("usr/a", "12345")}));
    packages.add(package_of("b", {directory("usr"), file("usr/b", "1"), soft_link("l", "usr")}));
    const Assembled made(packages);
    REQUIRE(made.report);
    CHECK(made.report->files == 3);
    CHECK(made.report->bytes == 6);
    CHECK(made.read("usr/a") == "12345");
    const std::string database = made.read("usr/lib/apk/db/installed");
    CHECK(database.find("P:a\n") < database.find("P:b\n"));
    CHECK(packages.reporter.events_of("progress: unpacking packages 2/2").size() == 1);
    CHECK(names_in(packages.directory.path()) == "repo root");
}

TEST_CASE("assemble: another package than the index names is refused", "[rootfs][assemble]") {
    LocalPackages packages;
    packages.add(package_of("a", {file("x", "1")}));
    LocalPackages others;
    others.add(package_of("a", {file("x", "2")}));
    std::filesystem::copy_file(
        others.file_of(0), packages.file_of(0), std::filesystem::copy_options::overwrite_existing
    );
    const Assembled made(packages);
    REQUIRE_FALSE(made.report);
    CHECK(made.report.error().code() == ErrorCode::digest_mismatch);
    CHECK(made.report.error().message().find("a-1-r0") != std::string::npos);
    CHECK_FALSE(made.root.exists("x"));
}

TEST_CASE(
    "assemble: other data behind the right control section are refused", "[rootfs][assemble]"
) {
    RawPackage raw = package_of("a", {file("x", "1")});
    raw.bytes();
    RawPackage forged = raw;
    forged.data = member_of({file("x", "2")}, true);
    LocalPackages packages;
    packages.add(raw);
    REQUIRE(write_file_atomically(packages.file_of(0), forged.bytes()));
    const Assembled made(packages);
    REQUIRE_FALSE(made.report);
    CHECK(made.report.error().code() == ErrorCode::digest_mismatch);
    CHECK_FALSE(made.root.exists("x"));
    CHECK(names_in(packages.directory.path()) == "repo root");
}

TEST_CASE("assemble: accounts and paths are applied over the packages", "[rootfs][assemble]") {
    LocalPackages packages;
    packages.add(package_of(
        "layout", {directory("etc"), file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")}
    ));
    packages.description.users = {{"build", 1000, 1000, "", "/home/build"}};
    packages.description.groups = {{"build", 1000, {"build"}}};
    packages.description.paths = {
        {.path = "/etc/passwd", .type = PathType::permissions, .permissions = 0600}};
    const Assembled made(packages);
    REQUIRE(made.report);
    CHECK(made.read("etc/passwd").find("root:x:0:0") == 0);
    CHECK(made.read("etc/passwd").find("build:x:1000:1000") != std::string::npos);
    CHECK(made.mode("etc/passwd") == 0600);
    CHECK(made.mode("home/build") == 0700);
}

TEST_CASE("assemble: directories have the time of their package", "[rootfs][assemble]") {
    TarPart etc = directory("etc");
    etc.first.mtime = 1234;
    LocalPackages packages;
    packages.add(package_of("a", {etc, file("etc/x", "1")}));
    const Assembled made(packages);
    REQUIRE(made.report);
    CHECK(made.root.status("etc")->st_mtime == 1234);
}

TEST_CASE("assemble: everything that decides a tree decides its key", "[rootfs][assemble]") {
    using Change = std::function<void(RootDescription&)>;
    const Change change = GENERATE(
        as<Change>{},
        [](RootDescription& d) { d.architecture = "aarch64"; },
        [](RootDescription& d) { d.world = {"a"}; },
        [](RootDescription& d) { d.world = {"a b"}; },
        [](RootDescription& d) { d.repositories = {"a"}; },
        [](RootDescription& d) {
            d.keys = {{"a", "b"}};
        },
        [](RootDescription& d) {
            d.keys = {{"ab", ""}};
        },
        [](RootDescription& d) {
            d.users = {{"a", 1, 2, "", ""}};
        },
        [](RootDescription& d) {
            d.users = {{"a", 1, 2, "/bin/sh", ""}};
        },
        [](RootDescription& d) {
            d.groups = {{"a", 1, {}}};
        },
        [](RootDescription& d) {
            d.groups = {{"a", 1, {"b"}}};
        },
        [](RootDescription& d) { d.paths = {{.path = "a"}}; },
        [](RootDescription& d) { d.paths = {{.path = "a", .permissions = 1}}; },
        [](RootDescription& d) { d.paths = {{.path = "a", .recursive = true}}; },
        [](RootDescription& d) { d.paths = {{.path = "a", .source = "b"}}; }
    );
    RootDescription plain;
    RootDescription changed;
    change(changed);
    CHECK(plain.cache_key() != changed.cache_key());
    CHECK(plain.cache_key() == RootDescription().cache_key());
}

TEST_CASE("assemble: the order and the identity of packages decide the key", "[rootfs][assemble]") {
    LocalPackages packages;
    packages.add(package_of("a", {file("x", "1")}));
    packages.add(package_of("b", {file("y", "1")}));
    RootDescription& description = packages.description;
    const std::string key = description.cache_key();
    std::swap(description.packages[0], description.packages[1]);
    CHECK(description.cache_key() != key);
    description.packages.pop_back();
    CHECK(description.cache_key() != key);
}
