// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree_links.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace quern::sandbox;
using quern::FileTree;

namespace {

struct Place {
    quern::TempDir directory = *quern::TempDir::create("/tmp", "quern-links-");
    FileTree tree = *FileTree::open(directory.path());
};

}  // namespace

TEST_CASE("tree links: files are the same ones, directories are not", "[sandbox][tree_links]") {
    const Place from;
    REQUIRE(from.tree.make_directories("d/e", 0711));
    REQUIRE(from.tree.write("d/e/f", "one"));
    REQUIRE(from.tree.make_symlink("d/out", "/etc/passwd"));
    const Place to;
    REQUIRE(link_tree(from.tree, to.tree));
    CHECK((to.tree.status("d/e")->st_mode & 07777U) == 0711);
    CHECK(to.tree.status("d/e/f")->st_ino == from.tree.status("d/e/f")->st_ino);
    CHECK(S_ISLNK(to.tree.status("d/out")->st_mode));
    REQUIRE(to.tree.write("d/e/f", "two"));
    REQUIRE(to.tree.write("d/new", ""));
    CHECK(*from.tree.read("d/e/f") == "two");
    CHECK(!from.tree.exists("d/new"));
}

TEST_CASE("tree links: a directory gets what another holds by now", "[sandbox][tree_links]") {
    const Place kept;
    REQUIRE(kept.tree.make_directories("cache"));
    REQUIRE(kept.tree.write("cache/old", ""));
    const Place guest;
    REQUIRE(guest.tree.write("new", "x"));
    REQUIRE(replace_by_links(guest.tree, kept.directory.path() / "cache"));
    CHECK(kept.tree.exists("cache/new"));
    CHECK(!kept.tree.exists("cache/old"));
    std::size_t count = 0;
    REQUIRE(kept.tree.walk("", [&](const quern::TreeEntry&) -> quern::Result<void> {
        ++count;
        return {};
    }));
    CHECK(count == 2);  // the cache and what is in it: nothing half made is left
}
