// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/elf.hpp"

#include "support/atomic_file.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>

using quern::package::read_elf;
using quern::package::soname_version;

namespace {

/// Writes numbers of one byte order at offsets of a header.
struct Image {
    std::string bytes;
    bool is_big_endian = false;

    void put(std::size_t offset, std::uint64_t value, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t at = is_big_endian ? offset + width - 1 - i : offset + i;
            bytes[at] = static_cast<char>(value >> (8 * i) & 0xffU);
        }
    }
};

/// A 32-bit big-endian shared object: soname "libx.so.3", needs "liby.so.1", interpreter "/ld".
Image big_endian_object() {
    Image image{std::string(400, '\0'), true};
    image.bytes.replace(
        0,
        7,
        "\x7f"
        "ELF\1\2\1"
    );
    image.put(16, 3, 2);
    image.put(18, 20, 2);
    image.put(28, 52, 4);
    image.put(42, 32, 2);
    image.put(44, 3, 2);
    const std::uint64_t segments[3][4] = {
        {1, 0, 0x10000, 400}, {3, 380, 0x10000 + 380, 4}, {2, 200, 0x10000 + 200, 40}};
    for (std::size_t i = 0; i < 3; ++i) {
        image.put(52 + 32 * i, segments[i][0], 4);
        image.put(52 + 32 * i + 4, segments[i][1], 4);
        image.put(52 + 32 * i + 8, segments[i][2], 4);
        image.put(52 + 32 * i + 16, segments[i][3], 4);
    }
    const std::uint64_t dynamic[5][2] = {{14, 1}, {1, 11}, {5, 0x10000 + 300}, {10, 30}, {0, 0}};
    for (std::size_t i = 0; i < 5; ++i) {
        image.put(200 + 8 * i, dynamic[i][0], 4);
        image.put(204 + 8 * i, dynamic[i][1], 4);
    }
    image.bytes.replace(301, 9, "libx.so.3");
    image.bytes.replace(311, 9, "liby.so.1");
    image.bytes.replace(380, 3, "/ld");
    return image;
}

}  // namespace

TEST_CASE("elf: names of a big-endian 32-bit object are read", "[package][elf]") {
    const auto names = read_elf(big_endian_object().bytes);
    REQUIRE(names);
    CHECK(names->type == 3);
    CHECK(names->machine == 20);
    CHECK(!names->is_64_bit);
    CHECK(names->has_dynamic);
    CHECK(names->soname == "libx.so.3");
    CHECK(names->needed == std::vector<std::string>{"liby.so.1"});
    CHECK(names->interpreter == "/ld");
}

TEST_CASE("elf: this program needs its libraries", "[package][elf]") {
    const auto file = quern::read_file("/proc/self/exe");
    REQUIRE(file);
    const auto names = read_elf(*file);
    REQUIRE(names);
    CHECK(names->soname.empty());
    CHECK(!names->interpreter.empty());
    CHECK_THAT(names->needed, Catch::VectorContains(std::string("libc.so.6")));
}

TEST_CASE("elf: other files are none", "[package][elf]") {
    CHECK(!read_elf(""));
    CHECK(
        !read_elf("\x7f"
                  "ELF")
    );
    CHECK(!read_elf("#!/bin/sh\n" + std::string(100, ' ')));
    Image image = big_endian_object();
    image.bytes[4] = 3;
    CHECK(!read_elf(image.bytes));
}

TEST_CASE("elf: every cut and every changed byte is survived", "[package][elf]") {
    const Image good = big_endian_object();
    for (std::size_t size = 0; size < good.bytes.size(); ++size) {
        static_cast<void>(read_elf(std::string_view(good.bytes).substr(0, size)));
    }
    for (std::size_t at = 16; at < good.bytes.size(); ++at) {
        for (const char value : {'\x00', '\x7f', '\xff'}) {
            Image changed = good;
            changed.bytes[at] = value;
            static_cast<void>(read_elf(changed.bytes));
        }
    }
    SUCCEED();
}

TEST_CASE("elf: offsets outside the file give no names", "[package][elf]") {
    Image image = big_endian_object();
    SECTION("program headers") {
        image.put(28, 0xffffffff, 4);
    }
    SECTION("dynamic section") {
        image.put(52 + 64 + 4, 0xfffffff0, 4);
    }
    SECTION("string table") {
        image.put(204 + 16, 0xffffffff, 4);
    }
    SECTION("names") {
        image.put(204, 0x1000, 4);
        image.put(212, 0x1000, 4);
    }
    SECTION("a string without end") {
        image.put(204 + 24, 5, 4);
        image.put(212, 29, 4);
    }
    const auto names = read_elf(image.bytes);
    REQUIRE(names);
    CHECK(names->soname.empty());
    CHECK(names->needed.empty());
}

TEST_CASE("elf: a soname's version is what follows .so.", "[package][elf]") {
    auto [soname, version] = GENERATE(table<const char*, const char*>({
        {"libfoo.so.1", "1"},
        {"libfoo.so.1.2.3", "1.2.3"},
        {"libfoo.so", "0"},
        {"libfoo-1.2.so", "0"},
        {"libx.so.0unstable", "0"},
        {"libx.so.1..2", "0"},
        {"libx.so.", "0"},
        {"ld-linux-x86-64.so.2", "2"},
    }));
    CAPTURE(soname);
    CHECK(soname_version(soname) == version);
}
