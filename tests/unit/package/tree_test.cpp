// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/tree.hpp"

#include "support/owner_record.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace quern::package {
namespace {

struct Fixture {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "quern-tree-");
    FileTree root = *FileTree::open(directory.path());
    Owners owners = Owners::parse(
        "root:x:0:0::/:/bin/sh\nbuild:x:1000:1000::/:\n", "root:x:0:\nbuild:x:1000:\n"
    );
    TreeOptions options = {.ids = {::getuid(), 1}, .timestamp = Timestamp(42), .capabilities = {}};

    Result<Tree> read() const { return read_tree(root, owners, options); }
};

const archive::TarEntry* find(const Tree& tree, const std::string& path) {
    const auto found = std::find_if(tree.entries.begin(), tree.entries.end(), [&](const auto& e) {
        return e.path == path;
    });
    return found == tree.entries.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("tree: entries come in byte order, a directory before what it holds", "[package][tree]") {
    const Fixture fixture;
    REQUIRE(fixture.root.make_directories("usr/bin"));
    REQUIRE(fixture.root.make_directories("usr/b"));
    REQUIRE(fixture.root.write("usr/bin/x", "1"));
    REQUIRE(fixture.root.write("usr/b-a", "1"));
    const auto tree = fixture.read();
    REQUIRE(tree);
    std::string order;
    for (const auto& entry : tree->entries) {
        order += entry.path + " ";
    }
    CHECK(order == "usr usr/b usr/b-a usr/bin usr/bin/x ");
}

TEST_CASE("tree: where all belongs to one user a note says whose it is", "[package][tree]") {
    const Fixture fixture;
    REQUIRE(fixture.root.write("a", "x"));
    REQUIRE(::linkat(fixture.root.fd(), "a", fixture.root.fd(), "b", 0) == 0);
    REQUIRE(fixture.root.make_directories("d"));
    const auto note = [&](const char* path, const std::string& text) {
        const std::string file = (fixture.directory.path() / path).string();
        return ::setxattr(file.c_str(), "user.quern.owner", text.data(), text.size(), 0) == 0;
    };
    REQUIRE(note("a", "33:44"));
    REQUIRE(note("d", "1000:7"));
    REQUIRE(fixture.root.make_symlink("l", "a"));
    const timespec times[2] = {{0, 0}, quern::OwnerRecord{33, 44}.to_link_time()};
    REQUIRE(::utimensat(fixture.root.fd(), "l", times, AT_SYMLINK_NOFOLLOW) == 0);
    REQUIRE(::utimensat(fixture.root.fd(), "d", times, 0) == 0);
    const auto tree = fixture.read();
    REQUIRE(tree);
    for (const char* path : {"a", "b", "l"}) {
        CHECK(find(*tree, path)->uid == 33);
        CHECK(find(*tree, path)->gid == 44);
    }
    CHECK(find(*tree, "a")->records.empty());
    CHECK(find(*tree, "d")->uid == 0);  // build is nobody in a package
    CHECK(find(*tree, "d")->gid == 7);
    REQUIRE(note("a", "no owner"));
    CHECK(find(*fixture.read(), "a")->uid == 0);
}

TEST_CASE(
    "tree: modes keep their special bits and every date is the one given", "[package][tree]"
) {
    const Fixture fixture;
    REQUIRE(fixture.root.write("su", "x", 04755));
    REQUIRE(fixture.root.make_directories("drop", 01777));
    const auto tree = fixture.read();
    REQUIRE(tree);
    CHECK(find(*tree, "su")->mode == 04755);
    CHECK(find(*tree, "drop")->mode == 01777);
    CHECK(find(*tree, "su")->mtime == 42);
    CHECK(find(*tree, "su")->user_name == "root");
}

TEST_CASE(
    "tree: a second name of a file is a link to the first, and its bytes count once",
    "[package][tree]"
) {
    const Fixture fixture;
    REQUIRE(fixture.root.write("b", "12345"));
    REQUIRE(
        ::link(
            (fixture.directory.path() / "b").c_str(), (fixture.directory.path() / "a").c_str()
        ) == 0
    );
    REQUIRE(fixture.root.make_symlink("c", "b"));
    const auto tree = fixture.read();
    REQUIRE(tree);
    CHECK(find(*tree, "a")->type == archive::TarType::file);
    CHECK(find(*tree, "b")->type == archive::TarType::hard_link);
    CHECK(find(*tree, "b")->link_target == "a");
    CHECK(tree->installed_size == 6);
}

TEST_CASE("tree: what a package cannot hold is refused by name", "[package][tree]") {
    const Fixture fixture;
    SECTION("a FIFO") {
        REQUIRE(::mkfifo((fixture.directory.path() / "pipe").c_str(), 0600) == 0);
        const auto tree = fixture.read();
        REQUIRE_FALSE(tree);
        CHECK(tree.error().message().find("'pipe'") != std::string::npos);
    }
    SECTION("a name with a newline") {
        REQUIRE(fixture.root.write("a\nb", "x"));
        const auto tree = fixture.read();
        REQUIRE_FALSE(tree);
        CHECK(tree.error().message().find('\n') == std::string::npos);
    }
}

TEST_CASE(
    "tree: setcap puts a capability on the file and fails for one that is not there",
    "[package][tree]"
) {
    Fixture fixture;
    REQUIRE(fixture.root.write("ping", "x", 0755));
    fixture.options.capabilities["ping"] = std::string(24, '\1');
    const auto tree = fixture.read();
    REQUIRE(tree);
    REQUIRE(find(*tree, "ping")->record("SCHILY.xattr.security.capability") != nullptr);
    fixture.options.capabilities["pong"] = std::string(24, '\1');
    CHECK_FALSE(fixture.read());
}

TEST_CASE(
    "owners: the build user's files become root's, others keep their names", "[package][tree]"
) {
    const Owners owners =
        Owners::parse("root:x:0:0\nbuild:x:77:78\nbad line\nnobody:x:65534:\n", "build:x:78:\n");
    CHECK(owners.build_uid == 77);
    CHECK(owners.build_gid == 78);
    CHECK(owners.users.at(65534) == "nobody");
}

}  // namespace quern::package
