// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Crafted packages, after public vulnerabilities of programs of this kind: paths and links that
// lead out, attributes that the kernel obeys, content without or against its checksum.

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>

#include <sys/xattr.h>

#include <string>
#include <vector>

using namespace quern;
using namespace quern::test;

namespace {

TarPart with_attribute(TarPart part, const std::string& name, std::string value) {
    part.first.records.emplace_back("SCHILY.xattr." + name, std::move(value));
    return part;
}

RawPackage symlink_package(const std::string& target) {
    return package_of("planter", {soft_link("p", target)});
}

}  // namespace

TEST_CASE("attacks: paths that lead out or say nothing are refused by name", "[rootfs][attacks]") {
    const std::string path = GENERATE(
        as<std::string>{}, "../x", "a/../../x", "a/..", "./x", "a//b", "a/./b", "a\nb", "a\x1b[31m"
    );
    CAPTURE(path);
    TarPart part = GENERATE_COPY(file(path, "x"), directory(path), soft_link(path, "x"));
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", {part})});
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(error.message().find("data section: '") != std::string::npos);
    CHECK(scratch.listing().empty());
    CHECK(scratch.names_outside() == "root secret");
}

TEST_CASE("attacks: names and paths beyond the kernel's bounds are refused", "[rootfs][attacks]") {
    std::string deep = "d";
    for (int i = 0; i < 3000; ++i) {
        deep += "/d";
    }
    const std::string path = GENERATE_COPY(as<std::string>{}, std::string(256, 'n'), deep);
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", {file(path, "x")})});
    CHECK((error.code() == ErrorCode::invalid_data || error.code() == ErrorCode::limit));
}

TEST_CASE("attacks: nothing is written through a link out of the root", "[rootfs][attacks]") {
    const std::string target = GENERATE(as<std::string>{}, "..", "../..", "/..", "../secret", "/");
    CAPTURE(target);
    const std::vector<TarPart> later = GENERATE(
        std::vector<TarPart>{file("p/planted", "x")},
        std::vector<TarPart>{directory("p/planted")},
        std::vector<TarPart>{soft_link("p/planted", "x")},
        std::vector<TarPart>{file("own", "x"), hard_link("p/planted", "own")}
    );
    ScratchRoot scratch;
    // Inside the root is where such a link leads the guest too; outside is what must not change.
    static_cast<void>(scratch.unpack({symlink_package(target), package_of("b", later)}).has_value()
    );
    CHECK(scratch.names_outside() == "root secret");
    CHECK(scratch.outside.read("secret").value_or("") == "of the host");
}

TEST_CASE(
    "attacks: a link and something through it in one package are refused", "[rootfs][attacks]"
) {
    ScratchRoot scratch;
    const Error error =
        scratch.refusal({package_of("a", {soft_link("p", "/etc"), file("p/passwd", "x")})});
    CHECK(error.message().find("below something that is not a directory") != std::string::npos);
    CHECK(scratch.listing().empty());
}

TEST_CASE("attacks: a file is never written through a link of its own name", "[rootfs][attacks]") {
    ScratchRoot scratch;
    REQUIRE(scratch.unpack(
        {symlink_package("../secret"), package_of("b", {file("p", "x")}, "replaces = planter\n")}
    ));
    CHECK(scratch.outside.read("secret").value_or("") == "of the host");
    CHECK(scratch.read("p") == "x");
}

TEST_CASE("attacks: hard links reach earlier files of their package only", "[rootfs][attacks]") {
    const std::vector<TarPart> parts = GENERATE(
        std::vector<TarPart>{hard_link("x", "../secret")},
        std::vector<TarPart>{hard_link("x", "/etc/passwd")},
        std::vector<TarPart>{hard_link("x", "later"), file("later", "x")},
        std::vector<TarPart>{soft_link("s", "../secret"), hard_link("x", "s")},
        std::vector<TarPart>{directory("d"), hard_link("x", "d")},
        std::vector<TarPart>{hard_link("x", "of-another")}
    );
    ScratchRoot scratch;
    const Error error =
        scratch.refusal({package_of("a", {file("of-another", "1")}), package_of("b", parts)});
    CHECK(error.message().find("'x' is a hard link to") != std::string::npos);
    CHECK_FALSE(scratch.tree.status("x"));
}

TEST_CASE("attacks: attributes that the kernel obeys are refused by name", "[rootfs][attacks]") {
    // An overlay whose lower tree says "redirect" or "opaque" shows the guest another tree.
    const std::string name = GENERATE(
        as<std::string>{},
        "user.overlay.redirect",
        "user.overlay.opaque",
        "trusted.overlay.metacopy",
        "",
        "user",
        "user.",
        ".x",
        "user.a\nb",
        "user." + std::string(251, 'n')
    );
    const TarPart part = GENERATE_COPY(
        with_attribute(file("x", "1"), name, "y"), with_attribute(directory("x"), name, "y")
    );
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", {part})});
    CAPTURE(name, error.message());
    CHECK(error.code() == ErrorCode::invalid_data);
    CHECK(error.message().find("'x' has ") != std::string::npos);
    CHECK(scratch.listing().empty());
}

TEST_CASE("attacks: other attributes are set where the system lets us", "[rootfs][attacks]") {
    ScratchRoot scratch;
    TarPart part = with_attribute(file("x", "1"), "user.note", std::string("a\0b", 3));
    part = with_attribute(part, "trusted.unknown.to.us", "v");
    REQUIRE(scratch.unpack({package_of("a", {part})}));
    char value[16];
    const auto path = scratch.directory.path() / "root" / "x";
    const ssize_t size = ::getxattr(path.c_str(), "user.note", value, sizeof value);
    if (size < 0) {
        WARN("the file system of the temporary directory has no user attributes");
        return;
    }
    CHECK(std::string(value, static_cast<std::size_t>(size)) == std::string("a\0b", 3));
}

TEST_CASE(
    "attacks: content without or against its checksum is refused by name", "[rootfs][attacks]"
) {
    TarPart wrong = file("x", "1");
    wrong.second = "2";
    TarPart wrong_link = soft_link("x", "target");
    wrong_link.first.link_target = "elsewhere";
    const auto [part, message] = GENERATE_COPY(table<TarPart, const char*>({
        {plain("x", "1"), "'x' has no APK-TOOLS.checksum.SHA1 record"},
        {wrong, "'x' is not what its checksum says"},
        {wrong_link, "the target of 'x' is not what its checksum says"},
    }));
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", {part})});
    CAPTURE(error.message());
    CHECK(error.message().find(message) != std::string::npos);
    CHECK(scratch.listing().empty());
}

TEST_CASE("attacks: one path twice in a package is refused by name", "[rootfs][attacks]") {
    const std::vector<TarPart> parts = GENERATE(
        std::vector<TarPart>{file("x", "1"), file("x", "2")},
        std::vector<TarPart>{directory("x"), file("x", "2")},
        std::vector<TarPart>{file("x", "2"), soft_link("x", "y")}
    );
    ScratchRoot scratch;
    const Error error = scratch.refusal({package_of("a", parts)});
    CHECK(error.message().find("'x' stands in it twice") != std::string::npos);
}

TEST_CASE("attacks: a package that ends early puts nothing in the tree", "[rootfs][attacks]") {
    RawPackage raw = package_of("a", {file("x", std::string(100'000, 'x'))});
    raw.bytes();
    raw.data.resize(raw.data.size() / 2);
    ScratchRoot scratch;
    CHECK(scratch.refusal({raw}).code() == ErrorCode::invalid_data);
    CHECK(scratch.listing().empty());
}
