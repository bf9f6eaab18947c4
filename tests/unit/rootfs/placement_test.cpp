// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/placement.hpp"

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <string>

using namespace quern;
using namespace quern::test;

namespace {

bool mentions(const Error& error, std::string_view text) {
    CAPTURE(error.message());
    return error.message().find(text) != std::string::npos;
}

TarPart with_mode(TarPart part, std::uint32_t mode) {
    part.first.mode = mode;
    return part;
}

TarPart with_time(TarPart part, std::int64_t mtime) {
    part.first.mtime = mtime;
    return part;
}

RawPackage merged_usr() {
    return package_of(
        "layout", {directory("usr"), directory("usr/lib"), soft_link("lib", "usr/lib")}
    );
}

}  // namespace

TEST_CASE("placement: files, links and directories appear as packed", "[rootfs][placement]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack({package_of(
        "a",
        {with_time(with_mode(directory("opt"), 0750), 7),
         with_time(with_mode(file("opt/tool", "run"), 04755), 9),
         with_time(file("opt/text", ""), 8),
         with_time(soft_link("opt/link", "tool"), 6),
         hard_link("opt/twin", "opt/tool")}
    )}));
    CHECK(
        scratch.listing() ==
        "opt dir 0750 7 \n"
        "opt/link link 0777 6 tool\n"
        "opt/text file 0644 8 \n"
        "opt/tool file 4755 9 run\n"
        "opt/twin file 4755 9 run\n"
    );
    CHECK(scratch.tree.status("opt/tool")->st_ino == scratch.tree.status("opt/twin")->st_ino);
    CHECK(scratch.listed(0) == "opt opt/tool opt/text opt/link opt/twin");
    CHECK(scratch.placement.files() == 4);
    CHECK(scratch.placement.bytes() == 3);
    CHECK(scratch.names_outside() == "root secret");
}

TEST_CASE("placement: what apk skips and devices are left out", "[rootfs][placement]") {
    ScratchRoot scratch;
    TarPart device = plain("dev-null", "");
    device.first.type = archive::TarType::character_device;
    REQUIRE(scratch.unpack({package_of("a", {file(".hidden", "x"), device, file("kept", "x")})}));
    CHECK(scratch.listing() == "kept file 0644 0 x\n");
}

TEST_CASE("placement: a hard link to a skipped file is refused by name", "[rootfs][placement]") {
    ScratchRoot scratch;
    const Error error =
        scratch.refusal({package_of("a", {file(".hidden", "x"), hard_link("x", ".hidden")})});
    CHECK(mentions(error, "linking to a file that is not installed: /x"));
}

TEST_CASE(
    "placement: the first owner keeps a file that others bring with the same content",
    "[rootfs][placement]"
) {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {package_of("a", {with_time(file("f", "same"), 1)}),
         package_of("b", {with_time(file("f", "same"), 2), file("g", "b")})}
    ));
    CHECK(scratch.listing() == "f file 0644 1 same\ng file 0644 0 b\n");
    CHECK(scratch.listed(0) == "f");
    CHECK(scratch.listed(1) == "g");
}

TEST_CASE("placement: links with one target belong to all who bring them", "[rootfs][placement]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {package_of("a", {soft_link("l", "t")}), package_of("b", {soft_link("l", "t")})}
    ));
    CHECK(scratch.listed(0) == "l");
    CHECK(scratch.listed(1) == "l");
}

TEST_CASE("placement: different content of two packages is refused", "[rootfs][placement]") {
    ScratchRoot scratch;
    const auto [one, other] = GENERATE(table<TarPart, TarPart>(
        {{file("p", "1"), file("p", "2")}, {soft_link("p", "x"), soft_link("p", "y")}}
    ));
    const Error error = scratch.refusal({package_of("a", {one}), package_of("b", {other})});
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(mentions(error, "a-1-r0 and b-1-r0 both bring /p with different content"));
    CHECK(error.help().find("replaces") != std::string::npos);
}

TEST_CASE("placement: `replaces` and a common origin settle a conflict", "[rootfs][placement]") {
    const auto [first, second, content] = GENERATE(table<const char*, const char*, const char*>({
        {"", "replaces = a\n", "2"},
        {"", "replaces = a<2\n", "2"},
        {"replaces = b\n", "", "1"},
        {"replaces = b\n", "replaces = a\n", "1"},
        {"origin = o\n", "origin = o\n", "2"},
    }));
    CAPTURE(first, second);
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {package_of("a", {file("p", "1")}, first), package_of("b", {file("p", "2")}, second)}
    ));
    CHECK(scratch.read("p") == content);
    CHECK(scratch.listed(0) == (std::string(content) == "1" ? "p" : ""));
    CHECK(scratch.listed(1) == (std::string(content) == "2" ? "p" : ""));
}

TEST_CASE("placement: a link may take the place of a file and back", "[rootfs][placement]") {
    ScratchRoot scratch;
    const bool is_link_first = GENERATE(true, false);
    const TarPart link = soft_link("p", "elsewhere");
    const TarPart text = file("p", "text");
    REQUIRE(scratch.unpack(
        {package_of("a", {is_link_first ? link : text}),
         package_of("b", {is_link_first ? text : link}, "replaces = a\n")}
    ));
    CHECK(scratch.tree.link_target("p").has_value() != is_link_first);
}

TEST_CASE(
    "placement: the owner of a path is decided by the real directory", "[rootfs][placement]"
) {
    const std::string one = GENERATE("lib/x", "usr/lib/x");
    const std::string other = one == "lib/x" ? "usr/lib/x" : "lib/x";
    ScratchRoot scratch;
    SECTION("other content is a conflict that shows both names") {
        const Error error = scratch.refusal(
            {merged_usr(), package_of("a", {file(one, "1")}), package_of("b", {file(other, "2")})}
        );
        CHECK(mentions(error, "a-1-r0 and b-1-r0 both bring /" + other + " (which is /" + one));
    }
    SECTION("the same content has one owner") {
        REQUIRE(scratch.unpack(
            {merged_usr(), package_of("a", {file(one, "1")}), package_of("b", {file(other, "1")})}
        ));
        CHECK(scratch.listed(1) == one);
        CHECK(scratch.listed(2).empty());
    }
    SECTION("replacing takes over the path by its other name") {
        REQUIRE(scratch.unpack(
            {merged_usr(),
             package_of("a", {file(one, "1")}),
             package_of("b", {file(other, "2")}, "replaces = a\n")}
        ));
        CHECK(scratch.read("usr/lib/x") == "2");
        CHECK(scratch.listed(1).empty());
    }
    SECTION("one package that brings it twice is refused") {
        const Error error =
            scratch.refusal({merged_usr(), package_of("a", {file(one, "1"), file(other, "2")})});
        CHECK(mentions(error, "unpacking a-1-r0: it brings /" + other + " (which is /" + one));
    }
}

TEST_CASE("placement: directories are shared and keep their first mode", "[rootfs][placement]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {package_of("a", {with_time(with_mode(directory("d"), 0700), 1), file("d/a", "")}),
         package_of("b", {with_time(with_mode(directory("d"), 0755), 2), file("d/b", "")})}
    ));
    CHECK(scratch.listing() == "d dir 0700 2 \nd/a file 0644 0 \nd/b file 0644 0 \n");
    CHECK(scratch.listed(1) == "d d/b");
}

TEST_CASE("placement: a directory goes through a link to a directory", "[rootfs][placement]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack({merged_usr(), package_of("a", {directory("lib"), file("lib/x", "1")})})
    );
    CHECK(scratch.tree.link_target("lib") == "usr/lib");
    CHECK(scratch.read("usr/lib/x") == "1");
}

TEST_CASE(
    "placement: a directory and something else of one name are refused", "[rootfs][placement]"
) {
    const auto [one, other, message] = GENERATE(table<TarPart, TarPart, const char*>({
        {directory("p"), file("p", "x"), "/p is a file of it and a directory of a-1-r0"},
        {directory("p"), soft_link("p", "x"), "/p is a symbolic link of it and a directory of a"},
        {file("p", "x"), directory("p"), "/p is a directory of it and a file of a-1-r0"},
        {soft_link("p", "gone"),
         directory("p"),
         "/p is a directory of it and a symbolic link of a"},
    }));
    ScratchRoot scratch;
    const Error error =
        scratch.refusal({package_of("a", {one}), package_of("b", {other}, "replaces = a\n")});
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(mentions(error, message));
}

TEST_CASE("placement: hard links are settled like the files they name", "[rootfs][placement]") {
    ScratchRoot scratch;
    const std::vector<TarPart> parts = {file("x", "1"), hard_link("y", "x")};
    REQUIRE(scratch.unpack({package_of("a", parts), package_of("b", parts)}));
    CHECK(scratch.listed(0) == "x y");
    CHECK(scratch.listed(1).empty());
    CHECK(scratch.tree.status("x")->st_nlink == 2);
}

TEST_CASE("placement: a file whose parent nobody brings is refused", "[rootfs][placement]") {
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", {file("no/such/place", "x")})});
    CHECK(mentions(error, "unpacking a-1-r0: opening the directory /no/such in the root"));
}
