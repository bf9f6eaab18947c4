// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/content_diff.hpp"

#include "archive/byte_stream.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace quern::package {
namespace {

std::string told(std::string_view before, std::string_view after) {
    std::string text;
    for (const std::string& line : explain_difference(before, after)) {
        text += line + "\n";
    }
    return text;
}

/// A static library of one member; ar pads to even sizes.
std::string ar(const std::string& name, const std::string& content, int time = 0) {
    return "!<arch>\n" +
           fmt::format(
               "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, time, 0, 0, "100644", content.size()
           ) +
           content + (content.size() % 2 == 1 ? "\n" : "");
}

std::string tar(const std::string& name, const std::string& content, std::int64_t time = 0) {
    archive::StringSink sink;
    archive::TarWriter writer(sink);
    archive::TarEntry entry;
    entry.path = name;
    entry.mode = 0644;
    entry.size = content.size();
    entry.mtime = time;
    REQUIRE(writer.add(entry, content));
    REQUIRE(writer.finish_without_end_blocks());
    return sink.take();
}

std::string gzip(const std::string& content) {
    auto bytes = archive::gzip_compress(content);
    REQUIRE(bytes);
    return std::move(*bytes);
}

std::string little_endian(std::uint64_t value, std::size_t width) {
    std::string bytes;
    for (std::size_t i = 0; i < width; ++i) {
        bytes += static_cast<char>(i < sizeof value ? value >> (8U * i) : 0);
    }
    return bytes;
}

/// A zip archive of one stored member.
std::string zip(const std::string& name, const std::string& content, std::uint64_t date = 1) {
    const std::string sizes = little_endian(content.size(), 4) + little_endian(content.size(), 4);
    const std::string common = little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
                               little_endian(date, 2) + little_endian(0, 4) + sizes +
                               little_endian(name.size(), 2) + little_endian(0, 2);
    const std::string local = "PK\3\4" + little_endian(20, 2) + common + name + content;
    const std::string central = "PK\1\2" + little_endian(20, 2) + little_endian(20, 2) + common +
                                little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
                                little_endian(0, 4) + little_endian(0, 4) + name;
    return local + central + "PK\5\6" + little_endian(0, 4) + little_endian(1, 2) +
           little_endian(1, 2) + little_endian(central.size(), 4) + little_endian(local.size(), 4) +
           little_endian(0, 2);
}

/// A 64-bit ELF file with the sections .text and .comment.
std::string elf(const std::string& text, const std::string& comment) {
    const std::string names("\0.text\0.comment\0.names\0", 23);
    const std::size_t begin = 64;
    const std::string body = text + comment + names;
    const auto section = [](std::uint64_t name, std::uint64_t offset, std::uint64_t size) {
        return little_endian(name, 4) + little_endian(1, 4) + little_endian(0, 16) +
               little_endian(offset, 8) + little_endian(size, 8) + little_endian(0, 24);
    };
    std::string file =
        "\x7f"
        "ELF\2\1\1" +
        std::string(9, '\0') + little_endian(3, 2) + little_endian(62, 2) + little_endian(1, 4) +
        little_endian(0, 16) + little_endian(begin + body.size(), 8) + little_endian(0, 4) +
        little_endian(64, 2) + little_endian(0, 4) + little_endian(64, 2) + little_endian(4, 2) +
        little_endian(3, 2);
    file += body;
    file += std::string(64, '\0') + section(1, begin, text.size()) +
            section(7, begin + text.size(), comment.size()) +
            section(16, begin + text.size() + comment.size(), names.size());
    return file;
}

}  // namespace

TEST_CASE("content diff: equal contents are not explained", "[package][content_diff]") {
    CHECK(told("same", "same").empty());
}

TEST_CASE("content diff: texts differ by lines", "[package][content_diff]") {
    CHECK(told("a\nb\n", "a\nc\n") == "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
}

TEST_CASE("content diff: bytes differ from a place on", "[package][content_diff]") {
    CHECK(told({"\0ab", 3}, {"\0acd", 4}) == "3 => 4 bytes, the first that differs is number 2\n");
}

TEST_CASE("content diff: the ELF section is named", "[package][content_diff]") {
    CHECK(
        told(elf({"\0\1", 2}, "GCC"), elf({"\0\2", 2}, "GCC")) ==
        ".text: 2 bytes, the first that differs is number 1\n"
    );
    CHECK(
        told(elf("x", "GCC 1"), elf("x", "GCC 2")).find(".comment: -GCC 1\n") != std::string::npos
    );
}

TEST_CASE("content diff: members of archives are named", "[package][content_diff]") {
    CHECK(
        told(ar("a.o/", "x"), ar("a.o/", "x", 7)) ==
        "a.o: time 0, owner 0:0, mode 100644 => time 7, owner 0:0, mode 100644\n"
    );
    CHECK(
        told(ar("a.o/", elf("x", "1")), ar("a.o/", elf("x", "2"))).find("a.o: .comment: -1\n") !=
        std::string::npos
    );
    CHECK(told(tar("f", "x", 1), tar("f", "x", 2)).find("f: time 1, ") == 0);
    CHECK(told(tar("f", "x"), tar("g", "x")) == "- f\n+ g\n");
    CHECK(
        told(gzip(tar("f", "1\n")), gzip(tar("f", "2\n"))).find("content: f: -1\n") !=
        std::string::npos
    );
    CHECK(told(zip("m", "1\n"), zip("m", "2\n")).find("m: -1\n") != std::string::npos);
    CHECK(told(zip("m", "x", 1), zip("m", "x", 2)).find("m: time 0001-0000") == 0);
}

TEST_CASE("content diff: what is damaged is compared by bytes", "[package][content_diff]") {
    const std::string whole = ar("a.o/", std::string("\0x", 2));
    for (std::size_t size = 8; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(told(whole, whole.substr(0, size)).empty());
    }
    CHECK_FALSE(told(gzip("x"), gzip("x").substr(0, 15)).empty());
}

TEST_CASE("content diff: long stories are cut", "[package][content_diff]") {
    std::string before;
    std::string after;
    for (int i = 0; i < 100; ++i) {
        before += fmt::format("{}\n", i);
        after += fmt::format("x{}\n", i);
    }
    const auto lines = explain_difference(before, after);
    CHECK(lines.size() == 41);
    CHECK(lines.back() == "… and 161 more");
}

TEST_CASE("content diff: the story of many files has an end", "[package][content_diff]") {
    std::string before;
    std::string after;
    for (int i = 0; i < 100; ++i) {
        before += fmt::format("{}\n", i);
        after += fmt::format("x{}\n", i);
    }
    DifferenceExplainer explainer;
    for (int i = 0; i < 244; ++i) {
        REQUIRE(explainer.explain(before, after).size() == 41);
    }
    CHECK(explainer.explain(before, after).size() == 1);
    DifferenceExplainer idle(std::uint64_t{1} << 20U);
    const std::string lines(99, '\n');
    std::size_t compared = 0;
    while (idle.explain(lines, lines + "x").front().starts_with("@@")) {
        REQUIRE(++compared < 1000);
    }
    CHECK(compared == 103);  // of 100 lines against 101, and 199 bytes
}

}  // namespace quern::package
