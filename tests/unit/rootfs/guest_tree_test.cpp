// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/guest_tree.hpp"

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

TEST_CASE(
    "guest tree: links are followed inside the root and never out of it", "[rootfs][guest_tree]"
) {
    ScratchRoot scratch;
    const GuestTree& tree = scratch.tree;
    REQUIRE(tree.make_directories("usr/lib"));
    REQUIRE(tree.make_symlink("lib", "usr/lib"));
    REQUIRE(tree.make_symlink("out", "../.."));
    REQUIRE(tree.make_symlink("absolute", "/usr/lib"));
    CHECK(tree.write("lib/x", "1", {.mode = 0644}));
    CHECK(tree.read("absolute/x").value_or("") == "1");
    CHECK_FALSE(tree.read("out/secret"));
    CHECK(tree.write("out/planted", "1", {.mode = 0644}));
    CHECK(scratch.names_outside() == "root secret");
}

TEST_CASE("guest tree: absolute paths and `..` are of the guest", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.write("x", "1", {}));
    const std::string path =
        GENERATE(as<std::string>{}, "x", "/x", "//x", "../x", "/../../x", "./x");
    CAPTURE(path);
    CHECK(scratch.tree.read(path).value_or("") == "1");
}

TEST_CASE("guest tree: a last part that is no name is refused", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    const std::string path = GENERATE(as<std::string>{}, "", "/", ".", "..", "a/..", "a/.");
    CAPTURE(path);
    REQUIRE(scratch.tree.make_directories("a"));
    const auto written = scratch.tree.write(path, "x", {});
    REQUIRE_FALSE(written);
    CHECK(written.error().code() == ErrorCode::invalid_data);
}

TEST_CASE("guest tree: writing replaces files and links, not directories", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.write("f", "old", {.mode = 0600}));
    REQUIRE(scratch.tree.make_symlink("l", "f"));
    REQUIRE(scratch.tree.make_directories("d"));
    REQUIRE(scratch.tree.write("l", "new", {.mode = 0640, .mtime = 5}));
    REQUIRE(scratch.tree.write("f", "newer", {.mode = 0644}));
    CHECK(
        scratch.listing() ==
        "d dir 0755 0 \n"
        "f file 0644 0 newer\n"
        "l file 0640 5 new\n"
    );
    CHECK_FALSE(scratch.tree.write("d", "x", {}));
    CHECK_FALSE(scratch.tree.write("gone/x", "x", {}));
}

TEST_CASE("guest tree: only regular files are read", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("d"));
    const auto path = scratch.directory.path() / "root" / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    for (const char* name : {"d", "pipe", "gone"}) {
        const auto text = scratch.tree.read(name);
        REQUIRE_FALSE(text);
        CHECK(text.error().message().find(std::string("/") + name) != std::string::npos);
    }
    CHECK(scratch.tree.read("gone").error().code() == ErrorCode::not_found);
}

TEST_CASE(
    "guest tree: directories are made with parents, existing ones keep all", "[rootfs][guest_tree]"
) {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("a", {.mode = 0700, .mtime = 3}));
    REQUIRE(scratch.tree.make_directories("/a//b/c/", {.mode = 0711}));
    REQUIRE(scratch.tree.make_directories("", {}));
    CHECK((scratch.tree.status("a")->st_mode & 07777U) == 0700);
    CHECK((scratch.tree.status("a/b")->st_mode & 07777U) == 0711);
    CHECK((scratch.tree.status("a/b/c")->st_mode & 07777U) == 0711);
    REQUIRE(scratch.tree.write("f", "", {}));
    CHECK_FALSE(scratch.tree.make_directories("f/x"));
}

TEST_CASE("guest tree: a link's own status and target are told", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.write("f", "12", {.mode = 0600}));
    REQUIRE(scratch.tree.make_symlink("l", "f", 9));
    CHECK(S_ISLNK(scratch.tree.status("l")->st_mode));
    CHECK(scratch.tree.status("l")->st_mtime == 9);
    CHECK(S_ISREG(scratch.tree.status("l", true)->st_mode));
    CHECK(scratch.tree.link_target("l") == "f");
    CHECK_FALSE(scratch.tree.link_target("f"));
    CHECK_FALSE(scratch.tree.link_target("gone"));
    CHECK_FALSE(scratch.tree.status("gone"));
}

TEST_CASE("guest tree: a loop of links ends in an error", "[rootfs][guest_tree]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_symlink("a", "b"));
    REQUIRE(scratch.tree.make_symlink("b", "a"));
    CHECK_FALSE(scratch.tree.read("a"));
    CHECK_FALSE(scratch.tree.open_directory("a/x"));
}

TEST_CASE("guest tree: links of /proc lead nowhere", "[rootfs][guest_tree]") {
    const UniqueFd proc(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(proc);
    const GuestTree tree(proc.get(), {0, 1});
    CHECK_FALSE(tree.open_directory("root"));
    CHECK_FALSE(tree.open_directory("cwd"));
}

TEST_CASE("guest tree: ids outside the range become the guest's root", "[rootfs][guest_tree]") {
    const GuestIds ids{100'000, 65'536};
    CHECK(ids.to_host(0) == 100'000);
    CHECK(ids.to_host(65'535) == 165'535);
    CHECK(ids.to_host(65'536) == 100'000);
    CHECK(ids.to_guest(100'005) == 5);
    CHECK(ids.to_guest(99) == 0);
}

TEST_CASE("guest tree: paths are split at their last slash", "[rootfs][guest_tree]") {
    CHECK(
        split_path("usr/bin/sh") == std::pair<std::string_view, std::string_view>("usr/bin", "sh")
    );
    CHECK(split_path("sh") == std::pair<std::string_view, std::string_view>("", "sh"));
}
