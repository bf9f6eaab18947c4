// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/emit.hpp"

#include "archive/gzip_reader.hpp"
#include "archive/tar_reader.hpp"
#include "support/temp_dir.hpp"
#include "support/thread_pool.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace quern::package {
namespace {

/// What a packed data section holds.
std::vector<archive::TarEntry> entries_of(const apk::SpooledData& data) {
    REQUIRE(::lseek(data.fd.get(), 0, SEEK_SET) == 0);
    archive::FdSource file(data.fd.get());
    archive::GzipReader member(file);
    REQUIRE(*member.next_member());
    archive::TarReader reader(member);
    std::vector<archive::TarEntry> entries;
    for (auto next = reader.next(); *next; next = reader.next()) {
        entries.push_back(**next);
    }
    return entries;
}

}  // namespace

// Source: recipe-and-build 14.5.
TEST_CASE(
    "case 33: files and links carry checksums, and the builder's are root's", "[package][emit]"
) {
    const TempDir directory =
        *TempDir::create(std::filesystem::temp_directory_path(), "quern-emit-");
    const FileTree root = *FileTree::create(directory.path() / "root");
    REQUIRE(root.make_directories("usr/bin"));
    REQUIRE(root.write("usr/bin/hi", "hi\n", 0755));
    REQUIRE(root.make_symlink("usr/libfoo.so", "libfoo.so.1.2"));
    TreeOptions options{.ids = {::getuid(), 1}, .timestamp = Timestamp(0), .capabilities = {}};
    if (::getuid() == 0) {  // only root can give files away
        options.ids = {0, 65'536};
        for (const char* path : {"usr", "usr/bin", "usr/bin/hi", "usr/libfoo.so"}) {
            REQUIRE(::lchown((directory.path() / "root" / path).c_str(), 1000, 1000) == 0);
        }
    }
    const Owners owners =
        Owners::parse("root:x:0:0::/:\nbuild:x:1000:1000::/:\n", "root:x:0:\nbuild:x:1000:\n");
    Subject subject("demo", *read_tree(root, owners, options));
    ThreadPool pool(1);
    const auto data = pack_data(
        directory.path(), root, subject, {.key = nullptr, .timestamp = Timestamp(0), .pool = &pool}
    );
    REQUIRE(data);
    const auto entries = entries_of(*data);
    REQUIRE(entries.size() == 4);
    for (const archive::TarEntry& entry : entries) {
        CAPTURE(entry.path);
        CHECK(entry.uid == 0);
        CHECK(entry.gid == 0);
        CHECK(entry.user_name == "root");
        CHECK(entry.group_name == "root");
    }
    const std::string record = "APK-TOOLS.checksum.SHA1";
    CHECK(entries[0].path == "usr");
    CHECK(entries[0].records.empty());
    CHECK(entries[2].path == "usr/bin/hi");
    REQUIRE(entries[2].record(record) != nullptr);
    CHECK(*entries[2].record(record) == "55ca6286e3e4f4fba5d0448333fa99fc5a404a73");
    CHECK(entries[3].path == "usr/libfoo.so");
    REQUIRE(entries[3].record(record) != nullptr);
    CHECK(*entries[3].record(record) == "d3af6328cd1fc16332adc1d6f5d953e6983a8b18");
}

}  // namespace quern::package
