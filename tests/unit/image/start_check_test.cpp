// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/start_check.hpp"

#include "image/spool.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace quern;

TEST_CASE("start: what an engine could not start is told", "[image][start]") {
    const auto spool = image::Spool::create(std::filesystem::temp_directory_path());
    REQUIRE(spool);
    image::RootTree tree;
    REQUIRE(tree.make_directories("etc"));
    REQUIRE(tree.write("etc/passwd", "web:x:33:34::/:/x\n"));
    REQUIRE(tree.write("etc/group", "www:x:34:\n"));
    REQUIRE(tree.make_directories("usr/bin"));
    REQUIRE(tree.write("usr/bin/web", "", 0755));
    REQUIRE(tree.add_symlink("bin", "usr/bin", 0));
    const auto names = image::AccountNames::read(tree, **spool);
    REQUIRE(names);
    image::Specification specification;
    const auto problems = [&] { return image::start_problems(specification, tree, *names); };
    CHECK(problems().empty());
    for (const char* good : {"/bin/web -x", "web", "/usr/bin/web"}) {
        specification.entrypoint.command = good;
        CHECK(problems().empty());
    }
    specification.entrypoint.shell_fragment = "echo";
    CHECK_THAT(problems().at(0), Catch::Contains("/bin/sh"));
    specification.entrypoint = {};
    specification.cmd = "wbe";
    CHECK_THAT(problems().at(0), Catch::Contains("wbe"));
    specification.cmd.clear();
    for (const char* good : {"33", "web", "0:5", "web:www"}) {
        specification.accounts.run_as = good;
        CHECK(problems().empty());
    }
    specification.accounts.run_as = "nobody";
    CHECK_THAT(problems().at(0), Catch::Contains("user 'nobody'"));
    specification.accounts.run_as = "0:nogroup";
    CHECK_THAT(problems().at(0), Catch::Contains("group 'nogroup'"));
}
