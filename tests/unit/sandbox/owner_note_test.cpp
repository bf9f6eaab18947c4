// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/owner_note.hpp"

#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <string>

using quern::FileTree;
using quern::OwnerRecord;
using quern::UniqueFd;
using quern::sandbox::note_owner;
using quern::sandbox::noted_owner;

namespace {

struct File {
    File(const FileTree& tree, const std::string& name)
        : fd(::openat(tree.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)) {
        look();
    }
    void look() { REQUIRE(::fstat(fd.get(), &status) == 0); }
    int note(const OwnerRecord& owner) {
        const int err = note_owner(fd.get(), status, owner);
        look();
        return err;
    }
    OwnerRecord owner() const { return noted_owner(fd.get(), status); }
    UniqueFd fd;
    struct stat status = {};
};

}  // namespace

TEST_CASE("owner note: files, directories and links keep theirs", "[sandbox][owner_note]") {
    const auto directory = *quern::TempDir::create("/tmp", "quern-note-");
    const auto tree = *FileTree::open(directory.path());
    REQUIRE(tree.write("file", "x"));
    REQUIRE(tree.make_directories("directory"));
    REQUIRE(tree.make_symlink("link", "file"));
    const std::string name = GENERATE("file", "directory", "link");
    CAPTURE(name);
    File file(tree, name);
    CHECK(file.owner() == OwnerRecord{});
    CHECK(file.note({1000, 50}) == 0);
    CHECK(file.owner() == OwnerRecord{1000, 50});
    REQUIRE(::renameat(tree.fd(), name.c_str(), tree.fd(), "moved") == 0);
    CHECK(File(tree, "moved").owner() == OwnerRecord{1000, 50});
    CHECK(file.note({}) == 0);
    CHECK(file.owner() == OwnerRecord{});
    CHECK(file.note({}) == 0);
    CHECK(quern::read_xattrs(tree.fd(), "moved")->empty());
}

TEST_CASE("owner note: what no package holds has none", "[sandbox][owner_note]") {
    const auto directory = *quern::TempDir::create("/tmp", "quern-note-");
    const auto tree = *FileTree::open(directory.path());
    REQUIRE(::mkfifoat(tree.fd(), "fifo", 0600) == 0);
    File file(tree, "fifo");
    CHECK(file.note({1, 2}) == 0);
    CHECK(file.owner() == OwnerRecord{});
}
