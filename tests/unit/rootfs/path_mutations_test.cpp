// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/path_mutations.hpp"

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <string>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

namespace {

mode_t mode_of(const ScratchRoot& scratch, std::string_view path) {
    const auto status = scratch.tree.status(path);
    return status ? status->st_mode & 07777U : 0;
}

}  // namespace

TEST_CASE(
    "path mutations: directories and empty files are made with parents", "[rootfs][path_mutations]"
) {
    ScratchRoot scratch;
    REQUIRE(apply_paths(
        scratch.tree,
        {{.path = "/a/b", .type = PathType::directory, .permissions = 0700},
         {.path = "/c/d/e", .type = PathType::empty_file, .permissions = 0640}}
    ));
    CHECK(mode_of(scratch, "a") == 0700);
    CHECK(mode_of(scratch, "a/b") == 0700);
    CHECK(mode_of(scratch, "c/d") == 0755);
    CHECK(mode_of(scratch, "c/d/e") == 0640);
    CHECK(S_ISREG(scratch.tree.status("c/d/e")->st_mode));
}

TEST_CASE(
    "path mutations: a directory that is there gets the permissions", "[rootfs][path_mutations]"
) {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("a"));
    REQUIRE(apply_paths(
        scratch.tree, {{.path = "a", .type = PathType::directory, .permissions = 01777}}
    ));
    CHECK(mode_of(scratch, "a") == 01777);
}

TEST_CASE("path mutations: links are made as written", "[rootfs][path_mutations]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.write("x", "1", {}));
    REQUIRE(apply_paths(
        scratch.tree,
        {{.path = "/d/link", .type = PathType::symlink, .source = "/x"},
         {.path = "/d/hard", .type = PathType::hard_link, .permissions = 0600, .source = "/x"}}
    ));
    CHECK(scratch.tree.link_target("d/link") == "/x");
    CHECK(scratch.tree.status("d/hard")->st_ino == scratch.tree.status("x")->st_ino);
    CHECK(mode_of(scratch, "x") == 0600);
}

TEST_CASE("path mutations: a hard link replaces what is there", "[rootfs][path_mutations]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.write("x", "1", {}));
    REQUIRE(scratch.tree.write("y", "2", {}));
    REQUIRE(apply_paths(
        scratch.tree,
        {{.path = "y", .type = PathType::hard_link, .permissions = 0644, .source = "x"}}
    ));
    CHECK(scratch.read("y") == "1");
}

TEST_CASE("path mutations: permissions reach below only where asked", "[rootfs][path_mutations]") {
    const bool is_recursive = GENERATE(true, false);
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("a/b"));
    REQUIRE(scratch.tree.write("a/b/f", "1", {.mode = 0600}));
    REQUIRE(scratch.tree.make_symlink("a/l", "../../secret"));
    REQUIRE(
        apply_paths(scratch.tree, {{.path = "a", .permissions = 0750, .recursive = is_recursive}})
    );
    CHECK(mode_of(scratch, "a") == 0750);
    CHECK(mode_of(scratch, "a/b/f") == (is_recursive ? 0750 : 0600));
    CHECK((scratch.outside.status("secret")->st_mode & 07777U) == 0644);
}

TEST_CASE("path mutations: they are applied in order", "[rootfs][path_mutations]") {
    ScratchRoot scratch;
    REQUIRE(apply_paths(
        scratch.tree,
        {{.path = "a", .type = PathType::directory, .permissions = 0700},
         {.path = "a", .type = PathType::permissions, .permissions = 0711}}
    ));
    CHECK(mode_of(scratch, "a") == 0711);
}

TEST_CASE("path mutations: what cannot be done names the path", "[rootfs][path_mutations]") {
    const PathMutation mutation = GENERATE(
        PathMutation{.path = "/gone", .type = PathType::permissions},
        PathMutation{.path = "/x", .type = PathType::hard_link, .source = "/gone"},
        PathMutation{.path = "/a/..", .type = PathType::empty_file},
        PathMutation{.path = "/", .type = PathType::permissions}
    );
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("a"));
    auto applied = apply_paths(scratch.tree, {mutation});
    REQUIRE_FALSE(applied);
    CHECK(applied.error().message().starts_with("the path '" + mutation.path + "': "));
}

TEST_CASE("path mutations: nothing outside is reached", "[rootfs][path_mutations]") {
    const std::string link = GENERATE(as<std::string>{}, "..", "../..", "/../..");
    const PathMutation mutation = GENERATE(
        PathMutation{.path = "/out/secret", .type = PathType::empty_file},
        PathMutation{.path = "/out/planted", .type = PathType::directory},
        PathMutation{.path = "/out/planted", .type = PathType::symlink, .source = "x"},
        PathMutation{.path = "/out/secret", .type = PathType::permissions, .permissions = 0777},
        PathMutation{.path = "/mine", .type = PathType::hard_link, .source = "/out/secret"},
        PathMutation{.path = "/../secret", .type = PathType::empty_file}
    );
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_symlink("out", link));
    static_cast<void>(apply_paths(scratch.tree, {mutation}).has_value());
    CHECK(scratch.names_outside() == "root secret");
    CHECK(scratch.outside.read("secret").value_or("") == "of the host");
    CHECK((scratch.outside.status("secret")->st_mode & 07777U) == 0644);
}
