// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/toolchain.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quern::build {
namespace {

struct Package {
    std::string name, checksum;
    std::vector<std::string> provides, depends;
};

std::string toolchain(const std::vector<Package>& packages) {
    std::vector<repository::Selected> chosen;
    for (const Package& package : packages) {
        apk::IndexEntry entry;
        entry.name = package.name;
        entry.version = "1-r0";
        entry.checksum = package.checksum;
        entry.provides = package.provides;
        entry.depends = package.depends;
        chosen.push_back({std::make_shared<const apk::IndexEntry>(std::move(entry)), {}, "x86_64"});
    }
    return toolchain_of(chosen);
}

}  // namespace

TEST_CASE("toolchain: programs that a compiler cache stands in front of", "[build]") {
    const char* const yes = GENERATE(
        "cc",
        "c++",
        "gcc",
        "g++-12",
        "gcc-12.2",
        "x86_64-linux-gnu-gcc",
        "clang-18",
        "clang++",
        "aarch64-linux-gnu-g++-12"
    );
    const char* const no = GENERATE("gcc-ar", "c89-gcc", "ccache", "cc1", "distcc", "gcc-", "");
    CAPTURE(yes, no);
    CHECK(is_compiler(yes));
    CHECK(!is_compiler(no));
}

TEST_CASE(
    "toolchain: what compilers are made of tells them apart, other packages do not", "[build]"
) {
    const std::vector<Package> packages = {
        {"gcc", "Q1a", {"cmd:gcc=12"}, {"cpp>=1", "so:libc.so.6"}},
        {"cpp", "Q1b", {}, {}},
        {"binutils", "Q1c", {"cmd:as=2"}, {}},
        {"libc6", "Q1d", {"so:libc.so.6=6"}, {}},
        {"zlib", "Q1e", {"cmd:pigz=1"}, {"so:libc.so.6"}}};
    CHECK(toolchain(packages) == "binutils-1-r0 Q1c\ncpp-1-r0 Q1b\ngcc-1-r0 Q1a\nlibc6-1-r0 Q1d\n");
    for (std::size_t i = 0; i < packages.size(); ++i) {
        std::vector<Package> others = packages;
        others[i].checksum = "Q1z";
        CAPTURE(others[i].name);
        CHECK((toolchain(others) == toolchain(packages)) == (others[i].name == "zlib"));
    }
}

TEST_CASE("toolchain: where nothing says who has the compilers, all packages count", "[build]") {
    CHECK(
        toolchain({{"gcc", "Q1a", {}, {}}, {"zlib", "Q1e", {}, {}}}) ==
        "gcc-1-r0 Q1a\nzlib-1-r0 Q1e\n"
    );
}

}  // namespace quern::build
