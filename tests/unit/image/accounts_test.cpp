// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/accounts.hpp"

#include "image/spool.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <memory>

using namespace quern;
using image::RootTree;

namespace {

struct Root {
    std::unique_ptr<image::Spool> spool;
    RootTree tree;
};

Root root_with_accounts() {
    Root root;
    auto spool = image::Spool::create(std::filesystem::temp_directory_path());
    REQUIRE(spool);
    root.spool = std::move(*spool);
    REQUIRE(root.tree.make_directories("etc"));
    REQUIRE(root.tree.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/:/x\n"));
    REQUIRE(root.tree.write("etc/group", "root:x:0:\nwww:x:34:\n"));
    return root;
}

}  // namespace

TEST_CASE("owners: names of packages and of the image file, and numbers", "[image][accounts]") {
    const Root root = root_with_accounts();
    image::Accounts accounts;
    accounts.users = {{"app", 1000, std::nullopt, {}, {}}};
    accounts.groups = {{"staff", 50, {}}};
    const auto [text, uid, gid] = GENERATE(table<const char*, unsigned, unsigned>({
        {"web", 33, 34},
        {"web:staff", 33, 50},
        {"app", 1000, 1000},
        {"app:www", 1000, 34},
        {"77", 77, 77},
        {"77:5", 77, 5},
    }));
    CAPTURE(text);
    const auto owner = image::find_owner(text, root.tree, *root.spool, accounts);
    REQUIRE(owner);
    CHECK(owner->uid == uid);
    CHECK(owner->gid == gid);
}

TEST_CASE("owners: a name that nobody has is told with what to do", "[image][accounts]") {
    const Root root = root_with_accounts();
    const auto [text, name] = GENERATE(table<const char*, const char*>({
        {"nobody", "user 'nobody'"},
        {"web:nogroup", "group 'nogroup'"},
        {"4294967296", "user '4294967296'"},
    }));
    const auto owner = image::find_owner(text, root.tree, *root.spool, {});
    REQUIRE(!owner);
    CHECK_THAT(owner.error().message(), Catch::Contains(name));
    CHECK_THAT(owner.error().help(), Catch::Contains("accounts."));
}
