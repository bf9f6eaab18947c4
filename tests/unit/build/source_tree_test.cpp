// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/source_tree.hpp"

#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <vector>

namespace quern::build {
namespace {

void make_socket(const std::filesystem::path& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

std::vector<std::string> paths_in(const FileTree& tree) {
    std::vector<std::string> paths;
    REQUIRE(tree.walk("", [&](const TreeEntry& entry) -> Result<void> {
        paths.push_back(entry.path);
        return {};
    }));
    return paths;
}

}  // namespace

TEST_CASE(
    "source tree: links out of it, FIFOs and sockets are not followed, opened or copied",
    "[build][source_tree]"
) {
    const TempDir folder = *TempDir::create("/tmp", "quern-tree-");
    const std::filesystem::path source = folder.path() / "source";
    const FileTree tree = *FileTree::create(source);
    REQUIRE(FileTree::open(folder.path())->write("secret", "of the host"));
    REQUIRE(tree.make_directories("sub"));
    REQUIRE(tree.write("sub/kept", "text", 0640));
    REQUIRE(tree.make_symlink("absolute", (folder.path() / "secret").string()));
    REQUIRE(tree.make_symlink("relative", "../secret"));
    REQUIRE(tree.make_symlink("folder", ".."));
    REQUIRE(::mkfifo((source / "fifo").c_str(), 0600) == 0);
    make_socket(source / "socket");
    // Made for whoever may: others see that it is left out where it cannot be made.
    static_cast<void>(::mknod((source / "device").c_str(), S_IFCHR | 0600, 0));

    const FileTree home = *FileTree::create(folder.path() / "home");
    REQUIRE(copy_source_tree(source, home, {}, {}));
    CHECK(paths_in(home) == std::vector<std::string>{"sub", "sub/kept"});
    CHECK(*home.read("sub/kept") == "text");

    const std::string before = *digest_source_tree(source, {});
    REQUIRE(FileTree::open(folder.path())->write("secret", "changed"));
    CHECK(*digest_source_tree(source, {}) == before);
}

}  // namespace quern::build
