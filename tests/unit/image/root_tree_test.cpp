// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/root_tree.hpp"

#include "image/path_changes.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using image::Inode;
using image::PathMutation;
using image::RootTree;

namespace {

RootTree tree_with(const char* directory) {
    RootTree tree;
    REQUIRE(tree.make_directories(directory));
    return tree;
}

PathMutation mutation(const char* type, const char* path, const char* source = "") {
    PathMutation made;
    made.type = type;
    made.path = path;
    made.source = source;
    made.permissions = 0755;
    return made;
}

}  // namespace

TEST_CASE("root tree: no path leads above the root", "[image][root_tree]") {
    RootTree tree = tree_with("etc");
    REQUIRE(tree.write("/../../etc/../../etc/x", "1"));
    CHECK(tree.find("etc/x") != nullptr);
    REQUIRE(tree.add_symlink("etc/up", "../../../..", 0));
    CHECK(tree.find("etc/up") == &tree.root());
    REQUIRE(tree.add_symlink("etc/abs", "/", 0));
    CHECK(tree.find("etc/abs/etc/x") == tree.find("etc/x"));
}

TEST_CASE("root tree: links in the middle of a path are followed", "[image][root_tree]") {
    RootTree tree = tree_with("usr/lib");
    REQUIRE(tree.add_symlink("lib", "usr/lib", 0));
    REQUIRE(tree.write("lib/a", "1"));
    CHECK(tree.find("usr/lib/a") != nullptr);
    CHECK(tree.find("lib", false)->is_symlink());
}

TEST_CASE("root tree: a circle of links is no file", "[image][root_tree]") {
    RootTree tree;
    REQUIRE(tree.add_symlink("a", "b", 0));
    REQUIRE(tree.add_symlink("b", "a", 0));
    CHECK(tree.find("a") == nullptr);
    CHECK(!tree.write("a/x", "1"));
}

TEST_CASE("root tree: writing keeps mode and date of what is there", "[image][root_tree]") {
    RootTree tree = tree_with("etc");
    auto made = tree.write("etc/x", "1", 0600);
    REQUIRE(made);
    (*made)->mtime = 7;
    REQUIRE(tree.write("etc/x", "22", 0644));
    CHECK(tree.find("etc/x")->mode == 0600);
    CHECK(tree.find("etc/x")->mtime == 7);
    CHECK(tree.find("etc/x")->content.text == "22");
}

TEST_CASE("path changes: a hard link shares mode and content", "[image][path_changes]") {
    RootTree tree = tree_with("bin");
    REQUIRE(tree.write("bin/a", "1", 0644));
    REQUIRE(image::change_paths(tree, {mutation("hardlink", "/bin/b", "/bin/a")}));
    CHECK(tree.find("bin/a") == tree.find("bin/b"));
    CHECK(tree.find("bin/a")->mode == 0755);
}

TEST_CASE("path changes: a missing source is named", "[image][path_changes]") {
    RootTree tree = tree_with("bin");
    const auto changed = image::change_paths(tree, {mutation("hardlink", "/bin/b", "/no/where")});
    REQUIRE(!changed);
    CHECK(changed.error().message().find("/no/where") != std::string::npos);
}

TEST_CASE("path changes: a symlink's target is what gets the mode", "[image][path_changes]") {
    RootTree tree = tree_with("bin");
    REQUIRE(tree.write("bin/a", "1", 0644));
    REQUIRE(image::change_paths(tree, {mutation("symlink", "/bin/l", "/bin/a")}));
    CHECK(tree.find("bin/a")->mode == 0755);
    CHECK(tree.find("bin/l", false)->mode == 0777);
    CHECK(!image::change_paths(tree, {mutation("symlink", "/bin/dangling", "/none")}));
    CHECK(!image::change_paths(tree, {mutation("symlink", "/bin/l", "/bin/a")}));
}

TEST_CASE("path changes: what is in the way is told with a way around", "[image][path_changes]") {
    RootTree tree = tree_with("bin");
    REQUIRE(tree.write("bin/a", "1", 0644));
    const auto [type, path, help] = GENERATE(table<const char*, const char*, const char*>({
        {"symlink", "/bin/a", "replaces nothing"},
        {"directory", "/bin/a", "in the way"},
        {"empty-file", "/bin/a/x", "must be directories"},
        {"symlink", "/bin/dangling", "stands above"},
    }));
    CAPTURE(type, path);
    const auto changed = image::change_paths(tree, {mutation(type, path, "/none")});
    REQUIRE(!changed);
    CHECK_THAT(changed.error().help(), Catch::Contains(help));
}

TEST_CASE("path changes: recursive permissions stay in the tree", "[image][path_changes]") {
    RootTree tree = tree_with("srv/a");
    REQUIRE(tree.write("srv/a/x", "1", 0644));
    REQUIRE(tree.make_directories("etc"));
    PathMutation all = mutation("permissions", "/srv");
    all.permissions = 0700;
    all.recursive = true;
    REQUIRE(image::change_paths(tree, {all}));
    CHECK(tree.find("srv/a/x")->mode == 0700);
    CHECK(tree.find("etc")->mode == 0755);
}
