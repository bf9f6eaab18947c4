// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/debian_names.hpp"

#include "seed/description.hpp"
#include "seed/selection.hpp"

#include <catch2/catch.hpp>

using namespace quern::seed;

TEST_CASE("debian_names: relations keep alternatives and versions", "[seed][debian_names]") {
    const auto relations = parse_relations(
        "libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0, perl:any,\n python3 [amd64] <!nocheck>"
    );
    REQUIRE(relations);
    REQUIRE(relations->size() == 4);
    CHECK((*relations)[0][0].name == "libc6");
    CHECK((*relations)[0][0].comparison == ">=");
    CHECK((*relations)[0][0].version == "2.34");
    CHECK((*relations)[1][1].name == "debconf-2.0");
    CHECK((*relations)[2][0].name == "perl");
    CHECK((*relations)[3][0].name == "python3");
}

TEST_CASE("debian_names: what is no relation is refused", "[seed][debian_names]") {
    const auto* text = GENERATE("libc6 (>= 2", "| b", "a b", "libc6 ()", "(>= 1)", "a (1)");
    CAPTURE(text);
    const auto relations = parse_relations(text);
    REQUIRE(!relations);
    CHECK(relations.error().code() == quern::ErrorCode::invalid_data);
}

TEST_CASE("debian_names: an empty field is an empty list", "[seed][debian_names]") {
    CHECK(parse_relations("")->empty());
    CHECK(parse_relations(" , ")->empty());
}

TEST_CASE("debian_names: architectures are known by all their names", "[seed][debian_names]") {
    CHECK(architecture_names("x86_64").debian == "amd64");
    CHECK(architecture_names("aarch64").multiarch == "aarch64-linux-gnu");
    CHECK(architecture_names("mips").debian.empty());
    CHECK(to_apk_name_of_debian("amd64") == "x86_64");
    CHECK(to_apk_name_of_debian("all") == "noarch");
    CHECK(to_apk_name_of_debian("m68k") == "m68k");
}

namespace {

ControlFields fields(std::string_view text) {
    return *ControlFields::parse(text);
}

std::vector<std::string> depends(
    const Selection& selection, std::string_view text, const Contents* amendment = nullptr
) {
    const auto names = selection.map_depends(fields(text), amendment);
    REQUIRE(names);
    return *names;
}

}  // namespace

TEST_CASE("selection: relations are mapped to members", "[seed][selection]") {
    Selection selection;
    REQUIRE(selection.add(fields("Package: mawk\nProvides: awk\n")));
    REQUIRE(selection.add(fields("Package: libc6\n")));
    REQUIRE(selection.add(fields("Package: libssl3\n")));
    selection.set_absent({"dpkg"});

    using Names = std::vector<std::string>;
    CHECK(depends(selection, "Package: a\nDepends: libc6 (>= 2.34)\n") == Names{"libc6"});
    CHECK(
        depends(selection, "Package: a\nDepends: gawk | awk, libc6\nPre-Depends: libc6\n") ==
        Names{"libc6", "mawk"}
    );
    CHECK(depends(selection, "Package: a\nDepends: libssl1.1 | libssl3\n") == Names{"libssl3"});
    CHECK(depends(selection, "Package: a\nDepends: dpkg (>= 1.15.4) | install-info\n").empty());
    CHECK(depends(selection, "Package: a\nDepends: other | another\n") == Names{"other"});
    CHECK(depends(selection, "Package: libc6\nDepends: libc6\n").empty());
}

TEST_CASE("selection: an amendment takes relations away", "[seed][selection]") {
    Selection selection;
    REQUIRE(selection.add(fields("Package: openssl\n")));
    Contents amendment;
    amendment.without.push_back({"openssl", {}});
    CHECK(
        depends(selection, "Package: a\nDepends: openssl, b\n", &amendment) ==
        std::vector<std::string>{"b"}
    );
}
