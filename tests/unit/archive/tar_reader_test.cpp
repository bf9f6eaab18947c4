// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"

#include "archive_samples.hpp"

#include <catch2/catch.hpp>

namespace quern::archive {
namespace {

std::string pax_header(std::string_view records) {
    return raw_member("PaxHeaders/x", 'x', records);
}

ErrorCode error_of(std::string_view bytes, const TarLimits& limits = {}) {
    const auto entries = read_tar(bytes, limits);
    REQUIRE(!entries);
    return entries.error().code();
}

TEST_CASE("tar_reader: nothing is an empty archive", "[archive][tar_reader]") {
    for (const std::string& bytes : {std::string(), end_blocks(), std::string(10240, '\0')}) {
        const auto entries = read_tar(bytes);
        REQUIRE(entries);
        CHECK(entries->empty());
    }
}

TEST_CASE("tar_reader: the types of entries are told apart", "[archive][tar_reader]") {
    const auto [flag, name, type] = GENERATE(table<char, std::string, TarType>({
        {'0', "f", TarType::file},
        {'7', "f", TarType::file},
        {'\0', "f", TarType::file},
        {'\0', "f/", TarType::directory},
        {'1', "f", TarType::hard_link},
        {'2', "f", TarType::symlink},
        {'3', "f", TarType::character_device},
        {'4', "f", TarType::block_device},
        {'5', "f", TarType::directory},
        {'5', "f/", TarType::directory},
        {'6', "f", TarType::fifo},
    }));
    CAPTURE(flag, name);
    const auto entries = read_tar(raw_link(name, flag, "target"));
    REQUIRE(entries);
    REQUIRE(entries->size() == 1);
    const TarEntry& entry = entries->front().first;
    CHECK(entry.type == type);
    CHECK(entry.path == "f");
    const bool is_link = type == TarType::hard_link || type == TarType::symlink;
    CHECK(entry.link_target == (is_link ? "target" : ""));
}

TEST_CASE("tar_reader: GNU's long names are applied once", "[archive][tar_reader]") {
    using namespace std::string_literals;
    const std::string path(300, 'p');
    const std::string target(200, 't');
    const std::string bytes = raw_member("././@LongLink", 'K', target + "\0"s) +
                              raw_member("././@LongLink", 'L', path + "\0"s) +
                              raw_link("cut", '2', "cut") + raw_link("next", '2', "to");
    const auto entries = read_tar(bytes);
    REQUIRE(entries);
    REQUIRE(entries->size() == 2);
    CHECK((*entries)[0].first.path == path);
    CHECK((*entries)[0].first.link_target == target);
    CHECK((*entries)[1].first.path == "next");
    CHECK((*entries)[1].first.link_target == "to");
}

TEST_CASE("tar_reader: GNU headers have no prefix", "[archive][tar_reader]") {
    UstarBlock block = raw_header("name", '0', 0);
    block.set_text(UstarBlock::prefix, "prefix");
    block.set_checksum();
    CHECK(read_tar(block.bytes())->front().first.path == "prefix/name");
    block.set_text(UstarBlock::magic, "ustar ");
    block.set_text(UstarBlock::version, std::string_view(" \0", 2));
    block.set_checksum();
    CHECK(read_tar(block.bytes())->front().first.path == "name");
}

TEST_CASE("tar_reader: records override names and size only", "[archive][tar_reader]") {
    const std::string records =
        "17 path=longpath\n19 linkpath=target\n10 size=3\n16 mtime=123.45\n12 uid=1000\n"
        "21 user.mine=a\nb=c\nd\n";
    const auto entries = read_tar(
        pax_header(records) + raw_member(raw_header("f", '0', 0), "abc") + raw_member("g", '0')
    );
    REQUIRE(entries);
    REQUIRE(entries->size() == 2);
    const auto& [entry, content] = entries->front();
    CHECK(entry.path == "longpath");
    CHECK(content == "abc");
    CHECK(entry.mtime == 1'000'000'000);
    CHECK(entry.uid == 0);
    REQUIRE(entry.records.size() == 1);
    REQUIRE(entry.record("user.mine") != nullptr);
    CHECK(*entry.record("user.mine") == "a\nb=c\nd");
    CHECK(entry.record("path") == nullptr);
    CHECK((*entries)[1].first.path == "g");
    CHECK((*entries)[1].first.records.empty());
}

TEST_CASE("tar_reader: malformed records are refused", "[archive][tar_reader]") {
    const auto records = GENERATE(
        as<std::string>(),
        "x",
        "5 a=b\n",
        "7 a=b\n",
        "6 a=bc",
        "06a=b\n",
        " 6 a=b\n",
        "-6 a=b\n",
        "99999999999999999999 a=b\n",
        "4 =\n",
        "5 a\nb",
        "5 =b\n",
        "6 a=b\n6",
        "11 size=abc\n",
        "11 size=-10\n",
        "29 size=18446744073709551616\n",
        "22 GNU.sparse.major=1\n",
        std::string("11 path=a") + '\0' + "\n"
    );
    CAPTURE(records);
    CHECK(error_of(pax_header(records) + raw_member("f", '0')) == ErrorCode::invalid_data);
}

TEST_CASE("tar_reader: global headers are passed over", "[archive][tar_reader]") {
    const auto entries =
        read_tar(raw_member("g", 'g', "20 path=not-this-one\n") + raw_member("f", '0', "x"));
    REQUIRE(entries);
    REQUIRE(entries->size() == 1);
    CHECK(entries->front().first.path == "f");
}

TEST_CASE("tar_reader: what readers disagree about is refused", "[archive][tar_reader]") {
    UstarBlock block = raw_header("f", '0', 0);
    std::string rest;
    SECTION("a wrong checksum") {
        block.data()[0] = 'g';
    }
    SECTION("no magic") {
        block.set_text(UstarBlock::magic, "xstar");
        block.set_checksum();
    }
    SECTION("a size in base 256") {
        block.data()[UstarBlock::content_size.offset] = '\x80';
        block.set_checksum();
    }
    SECTION("a negative time in base 256") {
        block.set_text(UstarBlock::mtime, std::string(12, '\xff'));
        block.set_checksum();
    }
    SECTION("a decimal digit") {
        block.set_text(UstarBlock::uid, "0000009");
        block.set_checksum();
    }
    SECTION("digits behind a space") {
        block.set_text(UstarBlock::mode, "644 644");
        block.set_checksum();
    }
    SECTION("an unknown type") {
        block.set_text(UstarBlock::type, "S");
        block.set_checksum();
    }
    SECTION("a file with a directory's name") {
        block = raw_header("f/", '0', 0);
    }
    SECTION("content of a symbolic link") {
        block = raw_header("f", '2', 512);
        rest = std::string(512, 'x');
    }
    SECTION("content of a directory") {
        block = raw_header("f", '5', 512);
        rest = std::string(512, 'x');
    }
    SECTION("something behind the end") {
        block = UstarBlock();
        rest = raw_member("f", '0');
    }
    CHECK(error_of(std::string(block.bytes()) + rest) == ErrorCode::invalid_data);
}

TEST_CASE("tar_reader: every truncation is an error", "[archive][tar_reader]") {
    const std::string bytes = pax_header("6 a=b\n") + raw_member("f", '0', std::string(700, 'c'));
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        CAPTURE(size);
        REQUIRE(error_of(std::string_view(bytes).substr(0, size)) == ErrorCode::invalid_data);
    }
}

TEST_CASE("tar_reader: bounds are held", "[archive][tar_reader]") {
    const std::string file = raw_member("f", '0', std::string(100, 'c'));
    CHECK(error_of(file + file + file, {.entries = 2}) == ErrorCode::limit);
    CHECK(error_of(file + file, {.total_bytes = 199}) == ErrorCode::limit);
    CHECK(read_tar(file + file, {.entries = 2, .total_bytes = 200}));
    const std::string path(101, 'p');
    const TarLimits short_paths{.path_bytes = 100};
    CHECK(error_of(pax_header("111 path=" + path + "\n"), short_paths) == ErrorCode::limit);
    CHECK(error_of(raw_member("L", 'L', path + "xx") + file, short_paths) == ErrorCode::limit);
    CHECK(error_of(pax_header(std::string(600, 'r')), {.pax_bytes = 599}) == ErrorCode::limit);
    // Many small headers before one entry do not add up beyond the bound either.
    std::string many;
    for (int i = 0; i < 200; ++i) {
        many += pax_header("100 a=" + std::string(93, 'v') + "\n");
    }
    CHECK(error_of(many + file, {.pax_bytes = 500}) == ErrorCode::limit);
}

TEST_CASE("tar_reader: a size beyond the bound is not waited for", "[archive][tar_reader]") {
    const auto records = GENERATE(
        as<std::string>(), "29 size=18446744073709551615\n", "28 size=9223372036854775807\n"
    );
    CHECK(error_of(pax_header(records) + raw_member("f", '0')) == ErrorCode::limit);
}

TEST_CASE("tar_reader: content is bounded where it is collected", "[archive][tar_reader]") {
    const std::string bytes = raw_member("f", '0', "12345");
    StringSource source(bytes);
    TarReader reader(source);
    REQUIRE(reader.next());
    const auto refused = reader.read_all(4);
    REQUIRE(!refused);
    CHECK(refused.error().code() == ErrorCode::limit);
    const auto content = reader.read_all(5);
    REQUIRE(content);
    CHECK(*content == "12345");
}

TEST_CASE("tar_reader: unread content is skipped", "[archive][tar_reader]") {
    const std::string bytes =
        raw_member("a", '0', std::string(100'000, 'a')) + raw_member("b", '0', "b") + end_blocks();
    SlowSource source(bytes, 1000);
    TarReader reader(source);
    REQUIRE(reader.next());
    std::string buffer(10, '\0');
    REQUIRE(reader.read(buffer));
    const auto second = reader.next();
    REQUIRE(second);
    REQUIRE(second->has_value());
    CHECK((*second)->path == "b");
    const auto end = reader.next();
    REQUIRE(end);
    CHECK(!end->has_value());
    CHECK(!reader.next()->has_value());
}

}  // namespace
}  // namespace quern::archive
