// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_request.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::fetch;

namespace {

const std::string commit(40, 'a');

GitRequest plain() {
    GitRequest request;
    request.repository = "https://example.org/x.git";
    request.destination = ".";
    request.tag = "v1";
    request.expected_commit = commit;
    return request;
}

Result<void> check(const GitRequest& request) {
    std::vector<std::string> warnings;
    return check_request(request, warnings);
}

}  // namespace

TEST_CASE("git_request: addresses of repositories are taken", "[fetch][git_request]") {
    GitRequest request = plain();
    request.repository = GENERATE(
        "https://h/x",
        "http://h/x",
        "ssh://git@h/x",
        "git@h:x/y.git",
        "git://h/x",
        "file:///x",
        "/srv/x"
    );
    CAPTURE(request.repository);
    CHECK(check(request));
}

TEST_CASE(
    "git_request: addresses that are options, programs or elsewhere are refused",
    "[fetch][git_request]"
) {
    GitRequest request = plain();
    request.repository = GENERATE(
        "",
        "-x",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "ftp://h/x",
        "relative/path",
        "a\nb://x",
        "fd::17",
        "ext::ssh://h/x"
    );
    CAPTURE(request.repository);
    CHECK_FALSE(check(request));
}

TEST_CASE("git_request: inputs that exclude each other are refused", "[fetch][git_request]") {
    GitRequest request = plain();
    SECTION("branch and tag") {
        request.branch = "main";
    }
    SECTION("a commit that is none") {
        request.expected_commit = "main";
    }
    SECTION("a tip without a branch") {
        request.is_branch_tip = true;
    }
    SECTION("a depth below -1") {
        request.depth = -2;
    }
    const auto checked = check(request);
    REQUIRE_FALSE(checked);
    CHECK(
        checked.error().code() == ErrorCode::invalid_recipe
    );  // exit status 1, not 2: the call was right
}

TEST_CASE("git_request: destinations stay below the tree", "[fetch][git_request]") {
    GitRequest request = plain();
    request.destination = GENERATE("..", "/etc", "a/../b", "", "a//b");
    CAPTURE(request.destination);
    const auto checked = check(request);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code() == ErrorCode::invalid_recipe);
    CHECK_FALSE(checked.error().help().empty());
}

TEST_CASE("git_request: what is not pinned gets a warning", "[fetch][git_request]") {
    GitRequest request = plain();
    request.tag.clear();
    request.expected_commit.clear();
    std::vector<std::string> warnings;
    CHECK(check_request(request, warnings));
    CHECK(warnings.size() == 2);
}

TEST_CASE(
    "git_request: one commit is enough unless it may lie behind a branch", "[fetch][git_request]"
) {
    GitRequest request = plain();
    CHECK(effective_depth(request) == 1);
    request.tag.clear();
    request.branch = "main";
    CHECK(effective_depth(request) == -1);
    request.is_branch_tip = true;
    CHECK(effective_depth(request) == 1);
    request.depth = 7;
    CHECK(effective_depth(request) == 7);
}

TEST_CASE("git_request: names that mean something to git are hostile", "[fetch][git_request]") {
    for (const char* name :
         {"", ".", "..", "a/b", ".git", ".GIT", ".git.", ".git ", "git~1", "GIT~1"}) {
        CAPTURE(name);
        CHECK(is_hostile_entry_name(name));
    }
    CHECK(is_hostile_entry_name(std::string_view("a\0b", 3)));
    CHECK(is_hostile_entry_name(std::string(256, 'a')));
    for (const char* name : {"a", ".gitignore", ".github", "git", "...", "a b", ".gitmodules"}) {
        CAPTURE(name);
        CHECK_FALSE(is_hostile_entry_name(name));
    }
}
