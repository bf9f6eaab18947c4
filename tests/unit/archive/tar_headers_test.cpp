// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_headers.hpp"

#include "archive/ustar_block.hpp"
#include "archive_samples.hpp"

#include <catch2/catch.hpp>

namespace quern::archive {
namespace {

using namespace std::string_view_literals;

/// The headers of an entry, taken apart.
struct Parts {
    UstarBlock extended;
    std::string records;
    UstarBlock header;
};

Parts layer_parts(const TarEntry& entry) {
    const auto bytes = make_headers(entry, TarForm::layer);
    REQUIRE(bytes);
    Parts parts;
    std::string_view rest = *bytes;
    if (rest.size() > UstarBlock::size) {
        rest.copy(parts.extended.data(), UstarBlock::size);
        parts.records = rest.substr(
            UstarBlock::size, parts.extended.number(UstarBlock::content_size).value_or(0)
        );
        rest.remove_prefix(rest.size() - UstarBlock::size);
    }
    rest.copy(parts.header.data(), UstarBlock::size);
    CHECK(parts.header.number(UstarBlock::checksum) == parts.header.sum());
    return parts;
}

TEST_CASE("tar_headers: what ustar holds is the same in both forms", "[archive][tar_headers]") {
    TarEntry entry = file_entry(
        GENERATE(
            as<std::string>{},
            "usr/bin/hello",
            "opt/" + std::string(80, 'n') + "/" + std::string(60, 'n')
        ),
        7
    );
    entry.uid = 2097151;
    entry.mtime = 1'700'000'000;
    entry.user_name = "keeper";
    const auto layer = make_headers(entry, TarForm::layer);
    REQUIRE(layer);
    CHECK(layer->size() == UstarBlock::size);
    CHECK(*layer == *make_headers(entry, TarForm::package));
}

// Source of this and the next: what Go's archive/tar wrote for the same entries.
TEST_CASE("tar_headers: the extended header of a layer", "[archive][tar_headers]") {
    TarEntry entry = file_entry("opt/m/cap", 4);
    entry.mtime = 1'700'000'000;
    entry.records = {
        {"SCHILY.xattr.user.note", "hi"},
        {"SCHILY.xattr.security.capability", std::string("\x01\0\0\x02", 4)}};
    const Parts parts = layer_parts(entry);
    CHECK(parts.extended.text(UstarBlock::name) == "opt/m/PaxHeaders.0/cap");
    CHECK(
        parts.extended.bytes().substr(100, 24) ==
        "0000000\0"
        "0000000\0"
        "0000000\0"sv
    );
    CHECK(parts.extended.bytes().substr(136, 12) == "00000000000\0"sv);
    CHECK(parts.extended.bytes()[156] == 'x');
    CHECK(
        parts.extended.bytes().substr(257, 8) ==
        "ustar\0"
        "00"sv
    );
    const std::string_view behind = parts.extended.bytes().substr(265);
    CHECK(behind.find_first_not_of('\0') == std::string_view::npos);
    CHECK(
        parts.records ==
        "41 SCHILY.xattr.security.capability=\x01\0\0\x02\n29 SCHILY.xattr.user.note=hi\n"sv
    );
    CHECK(parts.header.text(UstarBlock::name) == "opt/m/cap");
    CHECK(parts.header.number(UstarBlock::mtime) == 1'700'000'000);
}

TEST_CASE("tar_headers: records of a layer have what does not fit", "[archive][tar_headers]") {
    TarEntry entry = file_entry("f", 0);
    std::string extended = "PaxHeaders.0/f";
    std::string records;
    std::string name = "f";
    SECTION("a path that is not ASCII") {
        entry.path = "dir/sub\u00e9/file-\u00e9";
        extended = "dir/sub/PaxHeaders.0/file-";
        records = "26 path=dir/sub\u00e9/file-\u00e9\n";
        name = "dir/sub/file-";
    }
    SECTION("a path over 100 bytes beside other records") {
        entry.path = "x/" + std::string(60, 'n') + "/" + std::string(60, 'n');
        entry.records = {{"SCHILY.xattr.user.a", "1"}};
        extended = "x/" + std::string(60, 'n') + "/PaxHeaders.0/" + std::string(24, 'n');
        records = "25 SCHILY.xattr.user.a=1\n133 path=" + entry.path + "\n";
        name = entry.path.substr(0, 100);
    }
    SECTION("a cut that ends behind a slash") {
        entry.path = std::string(99, 'n') + "/\u00e9";
        extended = std::string(99, 'n');
        records = "112 path=" + entry.path + "\n";
        name = std::string(99, 'n') + "/";
    }
    SECTION("names of owners") {
        entry.user_name = std::string(33, 'n');
        entry.group_name = "gr\u00fcn";
        records = "15 gname=gr\u00fcn\n43 uname=" + entry.user_name + "\n";
    }
    SECTION("numbers") {
        entry.uid = 3'000'000;
        entry.gid = 2'097'152;
        entry.mtime = -5;
        entry.size = 9'663'676'416;
        records = "15 gid=2097152\n12 mtime=-5\n19 size=9663676416\n15 uid=3000000\n";
    }
    SECTION("a link's target") {
        entry.type = TarType::symlink;
        entry.link_target = std::string(101, 'n');
        records = "115 linkpath=" + entry.link_target + "\n";
    }
    const Parts parts = layer_parts(entry);
    CHECK(parts.records == records);
    CHECK(parts.extended.text(UstarBlock::name) == extended);
    CHECK(parts.header.text(UstarBlock::name) == name);
    CHECK(parts.header.text(UstarBlock::prefix).empty());
    for (const UstarField field :
         {UstarBlock::uid, UstarBlock::gid, UstarBlock::content_size, UstarBlock::mtime}) {
        CHECK(parts.header.number(field) == 0);
    }
}

TEST_CASE("tar_headers: a name of exactly its field needs no record", "[archive][tar_headers]") {
    TarEntry entry = file_entry("f", 0);
    entry.type = TarType::symlink;
    entry.link_target = std::string(100, 't');
    entry.user_name = std::string(32, 'u');
    const Parts parts = layer_parts(entry);
    CHECK(parts.records.empty());
    CHECK(parts.header.bytes().substr(265, 32) == entry.user_name);
}

TEST_CASE("tar_headers: devices out of range are refused", "[archive][tar_headers]") {
    TarEntry entry = file_entry("f", 0);
    entry.type = TarType::character_device;
    entry.device_major = 2'097'152;
    const auto made = make_headers(entry, TarForm::layer);
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == ErrorCode::limit);
}

}  // namespace
}  // namespace quern::archive
