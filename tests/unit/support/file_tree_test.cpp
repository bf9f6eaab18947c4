// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_tree.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

using namespace quern;

namespace fs = std::filesystem;

namespace {

TempDir make_dir() {
    auto made = TempDir::create(fs::temp_directory_path(), "tree-");
    REQUIRE(made);
    return std::move(*made);
}

FileTree make_root(const fs::path& path) {
    auto made = FileTree::create(path);
    REQUIRE(made);
    return std::move(*made);
}

/// A directory `root` with a neighbour `outside` that nothing may reach.
struct Fixture {
    TempDir dir = make_dir();
    fs::path root = dir.path() / "a/root";
    FileTree tree = make_root(root);
    bool has_outside = write_file_atomically(dir.path() / "outside", "secret").has_value();
};

std::vector<std::string> walk_paths(const FileTree& tree, std::string_view from = "") {
    std::vector<std::string> paths;
    const auto walked = tree.walk(from, [&](const TreeEntry& entry) -> Result<void> {
        paths.push_back(entry.path);
        return {};
    });
    REQUIRE(walked);
    return paths;
}

/// Makes directories below each other by descriptor, deeper than a path can say.
void make_deep(const FileTree& tree, int levels) {
    UniqueFd at(::openat(tree.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < levels; ++i) {
        REQUIRE(::mkdirat(at.get(), "d", 0755) == 0);
        at = UniqueFd(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    const UniqueFd file(::openat(at.get(), "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    REQUIRE(file);
}

}  // namespace

TEST_CASE("is_confined_path: only plain relative paths", "[support][file_tree]") {
    CHECK(is_confined_path("a"));
    CHECK(is_confined_path("a/..b/...c/.d"));
    CHECK(is_confined_path(std::string(255, 'x')));
    const std::string bad = GENERATE(
        std::string(),
        std::string("/a"),
        std::string("a/"),
        std::string("a//b"),
        std::string("."),
        std::string("a/./b"),
        std::string(".."),
        std::string("a/../b"),
        std::string("a\0b", 3),
        std::string(256, 'x')
    );
    CAPTURE(bad);
    CHECK_FALSE(is_confined_path(bad));
    std::string longest;
    while (longest.size() < 4094) {
        longest += "a/";
    }
    CHECK(is_confined_path(longest + "b"));
    CHECK_FALSE(is_confined_path(longest + "bc"));
}

TEST_CASE_METHOD(Fixture, "file_tree: writes and reads below its root", "[support][file_tree]") {
    REQUIRE(tree.make_directories("usr/lib", 0750));
    REQUIRE(tree.write("usr/lib/x", "content", 04711));
    CHECK(*tree.read("usr/lib/x") == "content");
    CHECK((tree.status("usr/lib/x")->st_mode & 07777U) == 04711U);
    CHECK((tree.status("usr")->st_mode & 07777U) == 0750U);
    CHECK(tree.exists("usr/lib"));
    CHECK_FALSE(tree.exists("usr/lib/y"));
    CHECK(tree.read("usr/lib/y").error().code() == ErrorCode::not_found);
    CHECK(tree.read("usr/lib/x", 3).error().code() == ErrorCode::limit);
    const auto lib = tree.subtree("usr/lib");
    REQUIRE(lib);
    CHECK(lib->exists("x"));
    CHECK(lib->make_directories("x/y").error().code() == ErrorCode::io);
}

TEST_CASE_METHOD(Fixture, "file_tree: no path leaves the root", "[support][file_tree]") {
    REQUIRE(tree.make_symlink("up", "../../outside"));
    REQUIRE(tree.make_symlink("abs", (dir.path() / "outside").string()));
    REQUIRE(tree.make_symlink("dir", "../.."));
    REQUIRE(tree.make_symlink("proc", "/proc/self/root"));
    const auto* const path = GENERATE(
        "../../outside", "/etc/passwd", "a/../../x", "up", "abs", "dir/outside", "proc/etc"
    );
    CAPTURE(path);
    CHECK(tree.read(path).error().code() == ErrorCode::invalid_data);
    CHECK(tree.write(path, "gone").error().code() == ErrorCode::invalid_data);
    CHECK(*read_file(dir.path() / "outside") == "secret");
    CHECK(tree.make_directories("dir/new").error().code() == ErrorCode::invalid_data);
    CHECK_FALSE(fs::exists(dir.path() / "new"));
}

TEST_CASE_METHOD(
    Fixture, "file_tree: links that stay inside are followed", "[support][file_tree]"
) {
    REQUIRE(tree.make_directories("usr/lib"));
    REQUIRE(tree.make_symlink("lib", "usr/lib"));
    REQUIRE(tree.make_directories("lib/deep"));
    REQUIRE(tree.write("lib/deep/x", "y"));
    CHECK(*tree.read("usr/lib/deep/x") == "y");
    CHECK(S_ISLNK(tree.status("lib")->st_mode));
    CHECK(tree.open_file("lib/deep/x", O_NOFOLLOW));
}

TEST_CASE_METHOD(Fixture, "file_tree: a FIFO neither blocks nor opens", "[support][file_tree]") {
    REQUIRE(::mkfifoat(tree.fd(), "fifo", 0644) == 0);
    CHECK(tree.open_file("fifo").error().code() == ErrorCode::invalid_data);
    CHECK_FALSE(tree.write("fifo", "x"));
    CHECK(tree.open_file("").error().code() == ErrorCode::invalid_data);
    CHECK(tree.open_file("", O_DIRECTORY));
}

TEST_CASE_METHOD(Fixture, "file_tree: walk goes in byte order", "[support][file_tree]") {
    for (const auto* const path : {"b", "a/z", "a-b"}) {
        REQUIRE(tree.make_directories(path));
    }
    REQUIRE(tree.write("a/file", "123"));
    REQUIRE(tree.make_symlink("a/link", "../b"));
    CHECK(walk_paths(tree) == std::vector<std::string>{"a", "a/file", "a/link", "a/z", "a-b", "b"});
    CHECK(walk_paths(tree, "a") == std::vector<std::string>{"a/file", "a/link", "a/z"});
    const auto walked = tree.walk("a", [](const TreeEntry& entry) -> Result<void> {
        struct stat status = {};
        const std::string name(entry.name());
        CHECK(::fstatat(entry.parent_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0);
        CHECK(status.st_ino == entry.status.st_ino);
        CHECK(entry.link_target == (name == "link" ? "../b" : ""));
        return {};
    });
    CHECK(walked);
}

TEST_CASE_METHOD(Fixture, "file_tree: walk stops at an error", "[support][file_tree]") {
    REQUIRE(tree.make_directories("a/b"));
    int seen = 0;
    const auto walked = tree.walk("", [&](const TreeEntry&) -> Result<void> {
        ++seen;
        return Error(ErrorCode::unsupported, "enough");
    });
    CHECK(walked.error().code() == ErrorCode::unsupported);
    CHECK(seen == 1);
    CHECK(
        tree.walk("none", [](const auto&) -> Result<void> { return {}; }).error().code() ==
        ErrorCode::not_found
    );
}

TEST_CASE_METHOD(
    Fixture, "file_tree: a tree of 10,000 levels can be removed", "[support][file_tree]"
) {
    REQUIRE(tree.make_directories("top"));
    const auto top = tree.subtree("top");
    REQUIRE(top);
    make_deep(*top, 10000);
    const auto ignore = [](const TreeEntry&) -> Result<void> { return {}; };
    CHECK(tree.walk("", ignore).error().code() == ErrorCode::limit);
    CHECK(tree.remove("top"));
    CHECK(walk_paths(tree).empty());
}

TEST_CASE_METHOD(
    Fixture, "file_tree: odd modes and links are no obstacle", "[support][file_tree]"
) {
    REQUIRE(tree.make_directories("x/closed/inner"));
    REQUIRE(tree.write("x/closed/inner/f", ""));
    REQUIRE(tree.make_symlink("x/out", "../../../outside"));
    REQUIRE(tree.make_symlink("x/dir", "../.."));
    for (const auto* const path : {"x/closed/inner", "x/closed", "x"}) {
        REQUIRE(::fchmodat(tree.fd(), path, 0, 0) == 0);
    }
    CHECK(tree.remove("x"));
    CHECK_FALSE(tree.exists("x"));
    CHECK(fs::exists(dir.path() / "outside"));
    CHECK(tree.remove("x"));
    CHECK(tree.remove("no/such"));
    CHECK(tree.remove("..").error().code() == ErrorCode::invalid_data);
}

TEST_CASE_METHOD(Fixture, "remove_tree: refuses names that are no names", "[support][file_tree]") {
    REQUIRE(tree.make_directories("x/y"));
    CHECK(remove_tree(root / "x" / ".").error().code() == ErrorCode::usage);
    CHECK(remove_tree(root / "x" / "..").error().code() == ErrorCode::usage);
    CHECK(remove_tree("/").error().code() == ErrorCode::usage);
    CHECK(remove_tree(root / "x" / ""));
    CHECK_FALSE(fs::exists(root / "x"));
    CHECK(remove_tree(root / "none" / "x"));
    fs::create_directory_symlink(root, dir.path() / "link");
    CHECK(remove_tree(dir.path() / "link"));
    CHECK(fs::exists(root));
}

TEST_CASE_METHOD(Fixture, "read_xattrs: sorted, of the link itself", "[support][file_tree]") {
    REQUIRE(tree.write("f", ""));
    CHECK(read_xattrs(tree.fd(), "f")->empty());
    const auto path = (root / "f").string();
    if (::setxattr(path.c_str(), "user.b", "2", 1, 0) != 0) {
        WARN("skipped: no user attributes in the temporary directory");
        return;
    }
    REQUIRE(::setxattr(path.c_str(), "user.a", "\0x", 2, 0) == 0);
    REQUIRE(tree.make_symlink("l", "f"));
    using Attributes = std::vector<std::pair<std::string, std::string>>;
    CHECK(*read_xattrs(tree.fd(), "f") == Attributes{{"user.a", {"\0x", 2}}, {"user.b", "2"}});
    CHECK(read_xattrs(tree.fd(), "l")->empty());
    CHECK_FALSE(read_xattrs(tree.fd(), "none"));
}
