// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/accounts.hpp"

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <string>

using namespace quern;
using namespace quern::rootfs;
using namespace quern::test;

TEST_CASE("accounts: files are made where there are none", "[rootfs][accounts]") {
    ScratchRoot scratch;
    REQUIRE(add_accounts(
        scratch.tree, {{"build", 1000, 1001, "", ""}}, {{"build", 1001, {"build", "other"}}}
    ));
    CHECK(
        scratch.read("etc/passwd") ==
        "build:x:1000:1001:Account created by quern:/home/build:/bin/sh\n"
    );
    CHECK(scratch.read("etc/group") == "build:x:1001:build,other\n");
    CHECK(scratch.read("etc/shadow") == "build:!:::::::\n");
    CHECK((scratch.tree.status("etc/shadow")->st_mode & 07777U) == 0640);
    CHECK((scratch.tree.status("home/build")->st_mode & 07777U) == 0700);
}

TEST_CASE("accounts: those of packages stay and are not doubled", "[rootfs][accounts]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("etc"));
    // No line end behind the last line: the next account must not be glued to it.
    const std::string before = "root:x:0:0:root:/root:/bin/ash\nbuild:x:7:7::/:/bin/false";
    REQUIRE(scratch.tree.write("etc/passwd", before, {}));
    REQUIRE(add_accounts(
        scratch.tree, {{"build", 1000, 1000, "", "/b"}, {"uild", 2, 2, "/bin/x", "/u"}}, {}
    ));
    CHECK(
        scratch.read("etc/passwd") == before + "\nuild:x:2:2:Account created by quern:/u:/bin/x\n"
    );
}

TEST_CASE("accounts: a home that is none is not made", "[rootfs][accounts]") {
    const std::string home = GENERATE(as<std::string>{}, "/dev/null", "/", "relative");
    ScratchRoot scratch;
    REQUIRE(add_accounts(scratch.tree, {{"a", 1, 1, "", home}}, {}));
    CHECK(scratch.listing().find(" dir ") == scratch.listing().rfind(" dir "));  // etc alone
}

TEST_CASE("accounts: an existing home keeps its mode", "[rootfs][accounts]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("srv", {.mode = 0751}));
    REQUIRE(add_accounts(scratch.tree, {{"a", 1, 1, "", "/srv"}}, {}));
    CHECK((scratch.tree.status("srv")->st_mode & 07777U) == 0751);
}

TEST_CASE("accounts: values that would break the files are refused", "[rootfs][accounts]") {
    const std::string bad =
        GENERATE(as<std::string>{}, "a:b", "a\nroot::0:0::/:", "a\r", std::string("a\0b", 3));
    const User user = GENERATE_COPY(
        User{bad, 1, 1, "", ""}, User{"a", 1, 1, bad, ""}, User{"a", 1, 1, "", "/" + bad}
    );
    ScratchRoot scratch;
    auto added = add_accounts(scratch.tree, {user}, {});
    REQUIRE_FALSE(added);
    CHECK(added.error().code() == ErrorCode::invalid_data);
    CHECK(scratch.read("etc/passwd").empty());
    CHECK_FALSE(add_accounts(scratch.tree, {}, {{bad, 1, {}}}));
}

TEST_CASE(
    "accounts: files that are links are replaced, never written through", "[rootfs][accounts]"
) {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_directories("etc"));
    REQUIRE(scratch.tree.make_symlink("etc/passwd", "../../secret"));
    static_cast<void>(add_accounts(scratch.tree, {{"a", 1, 1, "", "/a"}}, {}).has_value());
    CHECK(scratch.outside.read("secret").value_or("") == "of the host");
}

TEST_CASE("accounts: a home below a link stays inside", "[rootfs][accounts]") {
    ScratchRoot scratch;
    REQUIRE(scratch.tree.make_symlink("home", "../.."));
    REQUIRE(add_accounts(scratch.tree, {{"a", 1, 1, "", "/home/a"}}, {}));
    CHECK(scratch.names_outside() == "root secret");
    CHECK(scratch.tree.status("a"));
}
