// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/layering.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace quern;
using image::Installed;

namespace {

Installed installed(
    const std::string& name,
    const std::string& origin,
    std::uint64_t size,
    const std::string& version = "1-r0",
    std::vector<std::string> replaces = {}
) {
    Installed made;
    made.info.name = name;
    made.info.origin = origin;
    made.info.version = version;
    made.info.installed_size = size;
    made.info.replaces = std::move(replaces);
    return made;
}

std::vector<std::vector<std::string>> names(
    const std::vector<Installed>& packages, std::uint32_t budget
) {
    std::vector<std::vector<std::string>> groups;
    for (const image::PackageGroup& group : image::group_by_origin(packages, budget)) {
        auto& list = groups.emplace_back();
        for (const std::size_t place : group) {
            list.push_back(packages[place].info.name);
        }
    }
    return groups;
}

using Groups = std::vector<std::vector<std::string>>;

}  // namespace

// Source: image-and-resolver 8, rows 43 and 44.
TEST_CASE("layering: origins share a layer, the heaviest first", "[image][layering]") {
    const std::vector<Installed> packages = {
        installed("crane", "crane", 100),
        installed("glibc", "glibc", 6113087),
        installed("glibc-locale-posix", "glibc", 417444),
    };
    CHECK(names(packages, 2) == Groups{{"glibc", "glibc-locale-posix"}, {"crane"}});
    CHECK(names(packages, 0).size() == 1);
    CHECK(names(packages, 1).size() == 1);
}

TEST_CASE("layering: what may be replaced stays with who replaces it", "[image][layering]") {
    const bool is_older = GENERATE(true, false);
    const std::vector<Installed> packages = {
        installed("crane", "crane", 100),
        installed("libcrypt1", "glibc", 6000000, is_older ? "2.38-r14" : "2.38-r16"),
        installed("libxcrypt", "libxcrypt", 200, "4.4.36-r4", {"libcrypt1<2.38-r15"}),
    };
    CHECK(
        names(packages, 5) == (is_older ? Groups{{"libcrypt1", "libxcrypt"}, {"crane"}}
                                        : Groups{{"libcrypt1"}, {"libxcrypt"}, {"crane"}})
    );
}

TEST_CASE("layering: over the budget the last ones share a layer", "[image][layering]") {
    const std::vector<Installed> packages = {
        installed("a", "a", 1), installed("b", "b", 3), installed("c", "c", 2)};
    CHECK(names(packages, 2) == Groups{{"b"}, {"a", "c"}});
}
