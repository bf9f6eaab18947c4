// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox/tree_stream.hpp"

#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace quern::sandbox;
using quern::FileTree;
using quern::GuestIds;
using quern::archive::TarEntry;
using quern::archive::TarType;

namespace {

struct Place {
    quern::TempDir directory = *quern::TempDir::create("/tmp", "quern-stream-");
    FileTree tree = *FileTree::open(directory.path());
};

const GuestIds own_ids = {.first = ::geteuid(), .count = 1};

std::string tar_of(const std::vector<std::pair<TarEntry, std::string>>& entries) {
    quern::archive::StringSink sink;
    quern::archive::TarWriter writer(sink);
    for (auto [entry, content] : entries) {
        entry.size = content.size();
        REQUIRE(writer.add(entry, content));
    }
    REQUIRE(writer.finish_with_end_blocks());
    return sink.take();
}

TarEntry entry_of(TarType type, const std::string& path, const std::string& target = {}) {
    TarEntry entry;
    entry.type = type;
    entry.path = path;
    entry.link_target = target;
    entry.mode = type == TarType::directory ? 0755 : 0644;
    return entry;
}

quern::Result<void> replace(const Place& place, const std::string& tar) {
    quern::archive::StringSource source(tar);
    return replace_tree(place.tree, own_ids, source, "build");
}

}  // namespace

TEST_CASE("tree stream: what is written is what is read", "[sandbox][tree_stream]") {
    const Place from;
    REQUIRE(from.tree.make_directories("d/e", 0700));
    REQUIRE(from.tree.write("d/f", "content", 0644));
    REQUIRE(::fchmodat(from.tree.fd(), "d/f", 04755, 0) == 0);
    REQUIRE(::linkat(from.tree.fd(), "d/f", from.tree.fd(), "d/g", 0) == 0);
    REQUIRE(from.tree.make_symlink("l", "/etc/passwd"));
    REQUIRE(::mkfifoat(from.tree.fd(), "p", 0600) == 0);
    const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    REQUIRE(::utimensat(from.tree.fd(), "d/f", times, 0) == 0);
    const Place to;
    REQUIRE(to.tree.write("old", "gone"));
    REQUIRE(copy_tree(from.tree, to.tree, own_ids, "/tmp"));
    CHECK_FALSE(to.tree.exists("old"));
    CHECK(*to.tree.read("d/f") == "content");
    CHECK(to.tree.status("d/f")->st_mode == (S_IFREG | 04755));
    CHECK(to.tree.status("d/f")->st_mtim.tv_sec == 1'000'000'000);
    CHECK(to.tree.status("d/f")->st_ino == to.tree.status("d/g")->st_ino);
    CHECK(to.tree.status("d/e")->st_mode == (S_IFDIR | 0700));
    CHECK(S_ISLNK(to.tree.status("l")->st_mode));
    CHECK(S_ISFIFO(to.tree.status("p")->st_mode));
}

TEST_CASE("tree stream: owners that cannot be given are noted", "[sandbox][tree_stream]") {
    const Place place;
    TarEntry file = entry_of(TarType::file, "build/d/x");
    file.uid = 1000;
    file.gid = 50;
    file.records = {{"SCHILY.xattr.user.more", "value"}};
    TarEntry directory = entry_of(TarType::directory, "build/d");
    directory.uid = 7;
    TarEntry link = entry_of(TarType::symlink, "build/l", "x");
    link.uid = 8;
    link.gid = 9;
    REQUIRE(replace(
        place,
        tar_of({{directory, ""}, {file, "1"}, {link, ""}, {entry_of(TarType::file, "build/y"), ""}})
    ));
    using Attributes = std::vector<std::pair<std::string, std::string>>;
    const auto attributes = [&](const char* path) {
        const auto parent = place.tree.open_parent(path);
        return *quern::read_xattrs(parent->first.get(), parent->second);
    };
    CHECK(attributes("d/x") == Attributes{{"user.more", "value"}, {"user.quern.owner", "1000:50"}});
    CHECK(attributes("d") == Attributes{{"user.quern.owner", "7:0"}});
    CHECK(attributes("y").empty());
    // On their way back they are owners again, and nothing else.
    quern::archive::StringSink sink;
    REQUIRE(write_tree(place.tree, own_ids, sink, {}));
    const std::string packed = sink.take();
    quern::archive::StringSource source(packed);
    quern::archive::TarReader reader(source);
    const auto first = *reader.next();
    const auto second = *reader.next();
    const auto third = *reader.next();
    REQUIRE((first && second && third));
    CHECK(first->uid == 7);
    CHECK(second->uid == 1000);
    CHECK(second->gid == 50);
    CHECK(third->uid == 8);
    CHECK(third->gid == 9);
    for (const TarEntry& entry : {*first, *second}) {
        for (const auto& [key, value] : entry.records) {
            CHECK(key.find("owner") == std::string::npos);
        }
    }
}

TEST_CASE("tree stream: the guest's root is taken off the paths", "[sandbox][tree_stream]") {
    const Place place;
    TarEntry root = entry_of(TarType::directory, "build");
    root.mode = 0711;
    REQUIRE(replace(place, tar_of({{root, ""}, {entry_of(TarType::file, "build/x"), "1"}})));
    CHECK(*place.tree.read("x") == "1");
    struct stat status = {};
    REQUIRE(::fstat(place.tree.fd(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0711);
}

TEST_CASE("tree stream: nothing that an engine gives leaves its place", "[sandbox][tree_stream]") {
    const Place place;
    const auto tar = GENERATE_COPY(
        tar_of({{entry_of(TarType::file, "build/../out"), "x"}}),
        tar_of({{entry_of(TarType::file, "other/x"), "x"}}),
        tar_of({{entry_of(TarType::file, "builder"), "x"}}),
        tar_of({{entry_of(TarType::file, "/etc/x"), "x"}}),
        tar_of(
            {{entry_of(TarType::symlink, "build/l", "/tmp"), ""},
             {entry_of(TarType::file, "build/l/quern-escaped"), "x"}}
        ),
        tar_of({{entry_of(TarType::hard_link, "build/h", "/etc/passwd"), ""}}),
        tar_of({{entry_of(TarType::hard_link, "build/h", "build/none"), ""}}),
        tar_of({{entry_of(TarType::character_device, "build/null"), ""}})
    );
    CHECK_FALSE(replace(place, tar));
    CHECK_FALSE(std::filesystem::exists("/tmp/quern-escaped"));
}
