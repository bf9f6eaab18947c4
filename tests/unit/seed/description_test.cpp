// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/description.hpp"

#include "support/atomic_file.hpp"
#include "support/source_root.hpp"

#include <catch2/catch.hpp>

using namespace quern;
using namespace quern::seed;

namespace {

constexpr std::string_view small = R"(
release: bookworm
version: "12"
layout: base
absent: [dpkg]
paths:
  drop: [usr/share/doc, usr/share/man/*/man1]
  keep: [usr/share/doc/*/copyright]
groups:
  shell:
    about: a shell
    debian: [busybox]
    packages:
      base:
        directories: {tmp: "1777"}
        links: {bin: usr/bin}
  compiler:
    needs: [shell]
    debian: [gcc]
amend:
  gcc:
    provides: [cc]
    without: [dpkg]
)";

std::optional<Description> parse(std::string_view text, Diagnostics& diagnostics) {
    return parse_description(
        std::make_shared<const SourceFile>("seed.yaml", std::string(text)), diagnostics
    );
}

std::string rendered(std::string_view text) {
    Diagnostics diagnostics;
    CHECK(!parse(text, diagnostics));
    std::string result;
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        result += render(diagnostic, {});
    }
    return result;
}

}  // namespace

TEST_CASE("description: all keys are read", "[seed][description]") {
    Diagnostics diagnostics;
    const auto description = parse(small, diagnostics);
    REQUIRE(description);
    CHECK(description->release.text == "bookworm");
    CHECK(description->layout.text == "base");
    REQUIRE(description->find_group("shell") != nullptr);
    CHECK(
        description->find_group("shell")->packages.front().second.directories.front().second.text ==
        "1777"
    );
    REQUIRE(description->find_amendment("gcc") != nullptr);
    CHECK(description->find_amendment("gcc")->provides.front().text == "cc");
    CHECK(description->find_amendment("tar") == nullptr);
}

TEST_CASE("description: groups bring those that they need", "[seed][description]") {
    Diagnostics diagnostics;
    const auto description = parse(small, diagnostics);
    REQUIRE(description);
    REQUIRE(description->select({"compiler"}));
    CHECK(description->select({"compiler"})->size() == 2);
    CHECK(description->select({"shell"})->size() == 1);
    CHECK(description->select({})->size() == 2);
    CHECK(!description->select({"shell", "other"}));
}

TEST_CASE("description: dropped paths are covered with all below them", "[seed][description]") {
    Diagnostics diagnostics;
    const auto description = parse(small, diagnostics);
    REQUIRE(description);
    const PathRules& rules = description->paths;
    CHECK(rules.is_dropped("usr/share/doc"));
    CHECK(rules.is_dropped("usr/share/doc/x/changelog.gz"));
    CHECK(!rules.is_dropped("usr/share/doc/x/copyright"));
    CHECK(!rules.is_dropped("usr/share/docs"));
    CHECK(!rules.is_dropped("usr/share"));
    CHECK(rules.is_dropped("usr/share/man/de/man1/x.1"));
    CHECK(!rules.is_dropped("usr/share/man/man1/x.1"));
}

TEST_CASE("description: mistakes are shown at their place", "[seed][description]") {
    auto [text, wanted] = GENERATE(table<std::string, std::string>({
        {"releas: x\n", "seed.yaml:1:1: error: unknown key 'releas'"},
        {"release: [a]\nversion: 1\n", "seed.yaml:1:10: error: expected a text, got a list"},
        {"release: b\nversion: x1\n", "seed.yaml:2:10: error: 'x1' is no version"},
        {"release: b\n", "'' is no version"},
        {"version: 1\n", "the description has no 'release'"},
        {"release: b\nversion: 1\ngroups:\n  g: {needs: [shel], debian: [a]}\n  shell: {}\n",
         "seed.yaml:4:15: error: no group is called 'shel'"},
        {"release: b\nversion: 1\ngroups:\n  g: {debian: ['a b']}\n",
         "seed.yaml:4:16: error: 'a b' is no name"},
        {"release: b\nversion: 1\namend:\n  a: {links: {../x: y}}\n",
         "seed.yaml:4:15: error: '../x' is no path within a package"},
        {"release: b\nversion: 1\namend:\n  a: {links: {/x: y}}\n",
         "'/x' is no path within a package"},
        {"release: b\nversion: 1\namend:\n  a: {directories: {x: rwx}}\n",
         "seed.yaml:4:24: error: 'rwx' is no mode"},
        {"release: b\nversion: 1\namend:\n  a: {provides: ['a b']}\n",
         "seed.yaml:4:18: error: 'a b' is no relation"},
        {"release: b\nversion: 1\nabsent: a\n",
         "seed.yaml:3:9: error: expected a list, got a text"},
        {"release: b\nversion: 1\ngroups:\n  g: {packages: {x: {}}}\n  h: {packages: {x: {}}}\n",
         "seed.yaml:5:18: error: a package 'x' is generated twice"},
        {"release: b\nversion: 1\nlayout: none\n",
         "seed.yaml:3:9: error: no group generates the layout 'none'"},
    }));
    CAPTURE(text);
    CHECK_THAT(rendered(text), Catch::Contains(wanted));
}

TEST_CASE("description: all mistakes are reported at once", "[seed][description]") {
    const std::string text = rendered("release: b\nversion: 1\nabsent: ['x y', 'z z']\n");
    CHECK_THAT(text, Catch::Contains("'x y'") && Catch::Contains("'z z'"));
}

TEST_CASE("description: the one of the examples is right", "[seed][description]") {
    const auto text = read_file(source_root() / "examples/seed/debian-12.yaml");
    REQUIRE(text);
    Diagnostics diagnostics;
    const auto description = parse(*text, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        UNSCOPED_INFO(render(diagnostic, {}));
    }
    REQUIRE(description);
    CHECK(description->find_group("build-base") != nullptr);
}
