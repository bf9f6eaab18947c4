// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "rootfs/unpack.hpp"

#include "unit/rootfs/scratch_root.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace quern;
using namespace quern::test;

namespace {

/// Every package takes `shared` over from the one before and has files of its own; early ones are
/// larger, so that later ones are ready before them.
std::vector<RawPackage> overlapping_packages(std::size_t count) {
    std::vector<RawPackage> packages;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<TarPart> parts = {directory("d"), file("d/shared", fmt::format("of {}", i))};
        parts.push_back(file(fmt::format("d/own-{}", i), std::string((count - i) * 40'000, 'x')));
        parts.push_back(hard_link(fmt::format("d/twin-{}", i), fmt::format("d/own-{}", i)));
        packages.push_back(package_of(fmt::format("p{}", i), std::move(parts), "origin = one\n"));
    }
    return packages;
}

}  // namespace

TEST_CASE("unpack: the tree is the same for any number of threads", "[rootfs][unpack]") {
    constexpr std::size_t count = 12;
    ScratchRoot alone;
    REQUIRE(alone.unpack(overlapping_packages(count), 1));
    const std::size_t threads = GENERATE(as<std::size_t>{}, 2, 3, 8);
    ScratchRoot together;
    REQUIRE(together.unpack(overlapping_packages(count), threads));
    CHECK(together.listing() == alone.listing());
    CHECK(together.read("d/shared") == "of 11");
    CHECK(together.placement.files() == alone.placement.files());
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(together.listed(i) == alone.listed(i));
    }
}

TEST_CASE("unpack: the error is that of the first package that has one", "[rootfs][unpack]") {
    const std::size_t threads = GENERATE(as<std::size_t>{}, 1, 2, 8);
    auto packages = overlapping_packages(8);
    packages[5] = package_of("conflict", {file("d/shared", "other")});
    packages[6] = package_of("damaged", {file("x", "x")});
    packages[6].data = member_of({file("x", "y")}, true);
    packages[6].control = member_of(
        {plain(".PKGINFO", packages[6].info + "datahash = " + std::string(64, '0') + "\n")}, false
    );
    SECTION("a conflict before a damaged package") {
        ScratchRoot scratch;
        const Error error = scratch.refusal(packages, threads);
        CHECK(error.message().starts_with("unpacking conflict-1-r0: "));
    }
    SECTION("a damaged package before a conflict") {
        std::swap(packages[5], packages[6]);
        ScratchRoot scratch;
        const Error error = scratch.refusal(packages, threads);
        CHECK(error.message().starts_with("unpacking damaged-1-r0: "));
    }
}

TEST_CASE("unpack: nothing of a package appears before all of it is checked", "[rootfs][unpack]") {
    RawPackage damaged = package_of("a", {file("good", "x"), file("bad", "x")});
    damaged.data_parts[1].second = std::string("y");
    ScratchRoot scratch;
    const Error error = scratch.refusal({damaged});
    CHECK(error.code() == ErrorCode::digest_mismatch);
    CHECK(error.message().find("'bad'") != std::string::npos);
    CHECK(scratch.listing().empty());
    CHECK(scratch.names_outside() == "root secret");
}

TEST_CASE("unpack: a request to stop ends it", "[rootfs][unpack]") {
    ScratchRoot scratch;
    scratch.cancel.request();
    CHECK(scratch.refusal(overlapping_packages(2), 2).code() == ErrorCode::interrupted);
    CHECK(scratch.listing().empty());
}
