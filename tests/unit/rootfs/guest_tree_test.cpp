// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/guest_tree.hpp"

#include "rootfs/assemble.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>

namespace quern::rootfs {

TEST_CASE(
    "guest tree: links are followed inside the root and never out of it", "[rootfs][guest_tree]"
) {
    const TempDir directory =
        *TempDir::create(std::filesystem::temp_directory_path(), "quern-root-");
    const FileTree outside = *FileTree::open(directory.path());
    REQUIRE(outside.make_directories("root"));
    REQUIRE(outside.write("secret", "host"));
    const FileTree root = *FileTree::open(directory.path() / "root");
    const GuestTree tree(root.fd(), {::getuid(), 1});
    REQUIRE(tree.make_directories("usr/lib"));
    REQUIRE(tree.make_symlink("lib", "usr/lib"));
    REQUIRE(tree.make_symlink("out", "../.."));
    REQUIRE(tree.make_symlink("absolute", "/usr/lib"));
    CHECK(tree.write("lib/x", "1", {.mode = 0644}));
    CHECK(tree.read("absolute/x").value_or("") == "1");
    CHECK_FALSE(tree.read("out/secret"));
    CHECK(tree.write("out/planted", "1", {.mode = 0644}));
    CHECK_FALSE(std::filesystem::exists(directory.path() / "planted"));
}

TEST_CASE(
    "root description: everything that decides a tree decides its key", "[rootfs][assemble]"
) {
    RootDescription plain;
    plain.architecture = "x86_64";
    RootDescription other = plain;
    CHECK(plain.cache_key() == other.cache_key());
    other.world = {"busybox"};
    CHECK(plain.cache_key() != other.cache_key());
    other = plain;
    other.users.push_back({"build", 1000, 1000, "", ""});
    CHECK(plain.cache_key() != other.cache_key());
}

}  // namespace quern::rootfs
