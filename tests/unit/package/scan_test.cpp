// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/scan/scan.hpp"

#include "package/go_build_info.hpp"
#include "package/scan/scanner.hpp"
#include "subjects.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace quern::package {
namespace {

using Texts = std::vector<std::string>;

ScanOptions options() {
    return {"1.2.3-r4", {}, {}};
}

ScanResult scan_one(const Subject& subject, const ScanOptions& with = options()) {
    return scan({&subject, 1}, 0, with);
}

std::string tool() {
    return make_elf(
        {.needed = {"libc.so.6", "libz.so.1"}, .interpreter = "/lib64/ld-linux-x86-64.so.2"}
    );
}

}  // namespace

TEST_CASE("case 34: a program gives a command and needs its libraries", "[package][scan]") {
    const Subject subject = make_subject(
        "demo",
        {{"usr/bin/tool", tool(), 0755},
         {"usr/bin/closed", "x", 0750},
         {"usr/bin/link", "", 0777, "tool"}}
    );
    const ScanResult result = scan_one(subject);
    CHECK(result.texts(Relation::provides) == Texts{"cmd:tool=1.2.3-r4"});
    CHECK(
        result.texts(Relation::depends) ==
        Texts{"so:ld-linux-x86-64.so.2", "so:libc.so.6", "so:libz.so.1"}
    );
    ScanOptions quiet = options();
    quiet.options.no_commands = true;
    CHECK(scan_one(subject, quiet).texts(Relation::provides).empty());
}

TEST_CASE("case 35: a library outside of the library directories is vendored", "[package][scan]") {
    const std::string library = make_elf({.soname = "libfoo.so.1"});
    const std::string user = make_elf({.needed = {"libfoo.so.1"}});
    SECTION("inside: provided") {
        const Subject subject = make_subject("demo", {{"usr/lib/libfoo.so.1.2", library}});
        CHECK(
            scan_one(subject).texts(Relation::provides) ==
            Texts{"so-ver:libfoo.so.1=1.2.3-r4", "so:libfoo.so.1=1"}
        );
    }
    SECTION("outside: carried for the package itself, which then needs it from nobody") {
        const Subject subject = make_subject(
            "demo", {{"usr/lib/demo/libfoo.so.1.2", library}, {"usr/libexec/user", user}}
        );
        const ScanResult result = scan_one(subject);
        CHECK(result.texts(Relation::provides).empty());
        CHECK(result.texts(Relation::depends).empty());
        CHECK(
            result.texts(Relation::vendored) ==
            Texts{"so-ver:libfoo.so.1=1.2.3-r4", "so:libfoo.so.1=1"}
        );
    }
    SECTION("in a directory that the loader is told of: provided") {
        const Subject subject = make_subject(
            "demo",
            {{"usr/lib/demo/libfoo.so.1.2", library},
             {"etc/ld.so.conf.d/demo.conf", "# ours\n/usr/lib/demo\n"}}
        );
        CHECK(scan_one(subject).texts(Relation::provides).size() == 2);
    }
}

TEST_CASE(
    "case 36: odd versions are 0, and a development link needs the library", "[package][scan]"
) {
    const Subject odd = make_subject(
        "odd", {{"usr/lib/libx.so.0unstable", make_elf({.soname = "libx.so.0unstable"})}}
    );
    CHECK(scan_one(odd).find(Relation::provides, "so:libx.so.0unstable=0") != nullptr);

    std::vector<Subject> recipe;
    recipe.push_back(make_subject(
        "demo",
        {{"usr/lib/libfoo.so.1.2", make_elf({.soname = "libfoo.so.1"})},
         {"usr/lib/libfoo.so.1", "", 0777, "libfoo.so.1.2"}}
    ));
    recipe.push_back(make_subject("demo-dev", {{"usr/lib/libfoo.so", "", 0777, "libfoo.so.1"}}));
    const ScanResult result = scan(recipe, 1, options());
    CHECK(result.texts(Relation::depends) == Texts{"so:libfoo.so.1"});
    CHECK(result.texts(Relation::provides).empty());
}

TEST_CASE(
    "case 37: pkg-config modules are provided, needed or vendored by their place", "[package][scan]"
) {
    const std::string module =
        "prefix=/usr\nName: foo\nRequires: bar >= 2\nRequires.private: baz\n";
    const ScanResult result =
        scan_one(make_subject("demo", {{"usr/lib/pkgconfig/foo.pc", module}}));
    CHECK(result.texts(Relation::provides) == Texts{"pc:foo=1.2.3-r4"});
    CHECK(result.texts(Relation::depends) == Texts{"pc:bar", "pc:baz"});
    const ScanResult hidden =
        scan_one(make_subject("demo", {{"usr/libexec/x/pkgconfig/foo.pc", module}}));
    CHECK(hidden.texts(Relation::vendored) == Texts{"pc:foo=1.2.3-r4"});
    CHECK(hidden.texts(Relation::depends).empty());
}

TEST_CASE("case 38: the first line of a script names what it needs", "[package][scan]") {
    auto [line, needs] = GENERATE(table<const char*, Texts>({
        {"#!/usr/bin/env bash", {"cmd:bash"}},
        {"#!/bin/dash", {"cmd:dash"}},
        {"#!/bin/sh", {}},
        {"#!/usr/bin/env python3", {}},
        {"#!/usr/bin/env -S perl -w", {"cmd:perl"}},
        {"#! /usr/bin/lua5.4 -i", {"cmd:lua5.4"}},
    }));
    CAPTURE(line);
    const ScanResult result =
        scan_one(make_subject("demo", {{"usr/bin/x", std::string(line) + "\necho\n"}}));
    CHECK(result.texts(Relation::depends) == needs);
    CHECK(result.warnings.empty());
}

TEST_CASE("case 38: env with several words is warned of and needs nothing", "[package][scan]") {
    const ScanResult result =
        scan_one(make_subject("demo", {{"usr/bin/x", "#!/usr/bin/env bash -x\n"}}));
    CHECK(result.texts(Relation::depends).empty());
    REQUIRE(result.warnings.size() == 1);
    CHECK(result.warnings[0].find("usr/bin/x") == 0);
}

TEST_CASE("case 38: languages and manual pages by their directories", "[package][scan]") {
    SECTION("Python") {
        const Subject subject =
            make_subject("demo", {{"usr/lib/python3.12/site-packages/demo/__init__.py"}});
        CHECK(scan_one(subject).texts(Relation::depends) == Texts{"python-3.12-base"});
        ScanOptions declared = options();
        declared.declared_runtime = {"python-3.11"};
        CHECK(scan_one(subject, declared).texts(Relation::depends).empty());
    }
    SECTION("Perl") {
        const Subject subject = make_subject("demo", {{"usr/lib/perl5/vendor_perl/X.pm"}});
        CHECK(scan_one(subject).texts(Relation::depends) == Texts{"perl~5"});
    }
    SECTION("Ruby") {
        const Subject subject = make_subject("demo", {{"usr/lib/ruby/gems/3.2.0/gems/x/x.rb"}});
        CHECK(scan_one(subject).texts(Relation::depends) == Texts{"ruby-3.2"});
    }
    SECTION("manual pages, in packages of documentation only") {
        CHECK(
            scan_one(make_subject("demo-doc", {{"usr/share/man/man1/x.1"}})
            ).texts(Relation::depends) == Texts{"man-db"}
        );
        CHECK(scan_one(make_subject("demo", {{"usr/share/man/man1/x.1"}}))
                  .texts(Relation::depends)
                  .empty());
    }
}

TEST_CASE("scan: every relation knows the files behind it", "[package][scan]") {
    const Subject subject =
        make_subject("demo", {{"usr/bin/a", tool(), 0755}, {"usr/bin/b", tool(), 0755}});
    const ScanResult result = scan_one(subject);
    const Generated* generated = result.find(Relation::depends, "so:libz.so.1");
    REQUIRE(generated != nullptr);
    CHECK(generated->files == Texts{"usr/bin/a", "usr/bin/b"});
    CHECK(generated->scanner == "shared-objects");
}

TEST_CASE("scan: libraries of the graphics driver come from the machine", "[package][scan]") {
    const Subject subject = make_subject(
        "demo",
        {{"usr/lib/a.so",
          make_elf({.needed = {"libcuda.so.1", "libnvidia-ml.so.1", "libplug.so"}})}}
    );
    CHECK(scan_one(subject).texts(Relation::depends).empty());
}

TEST_CASE("scan: musl's loader is its C library", "[package][scan]") {
    const Subject subject = make_subject(
        "demo", {{"usr/libexec/x", make_elf({.interpreter = "/lib/ld-musl-x86_64.so.1"})}}
    );
    CHECK(scan_one(subject).texts(Relation::depends) == Texts{"so:libc.musl-x86_64.so.1"});
}

TEST_CASE("scan: names that no client can read are warned of, not written", "[package][scan]") {
    const Subject subject = make_subject(
        "demo",
        {{"usr/lib/a.so",
          make_elf({.soname = "lib x.so.1", .needed = {"libc\n.so.6", "so=1.so.2"}})},
         {"usr/bin/two words", "x", 0755}}
    );
    const ScanResult result = scan_one(subject);
    CHECK(result.relations.empty());
    CHECK(result.warnings.size() == 5);
    for (const std::string& warning : result.warnings) {
        CHECK(warning.find('\n') == std::string::npos);
    }
}

TEST_CASE("scan: links in circles and out of the package lead nowhere", "[package][scan]") {
    const Subject subject = make_subject(
        "demo",
        {{"usr/lib/a.so", "", 0777, "b.so"},
         {"usr/lib/b.so", "", 0777, "a.so"},
         {"usr/lib/c.so", "", 0777, "../../../../etc/passwd"},
         {"usr/lib/d.so", "", 0777, "/usr/lib/a.so"},
         {"usr/lib/e.so", "", 0777, "."}}
    );
    CHECK(scan_one(subject).relations.empty());
    CHECK_FALSE(subject.resolve("usr/lib/a.so"));
    CHECK_FALSE(subject.resolve("usr/lib/c.so"));
    CHECK(subject.resolve("usr/./lib/../lib") == subject.find("usr/lib"));
}

TEST_CASE("scan: a hundred thousand links to one library take bounded time", "[package][scan]") {
    std::vector<MadeFile> files = {{"usr/lib/libfoo.so.1", make_elf({.soname = "libfoo.so.1"})}};
    for (int i = 0; i < 100'000; ++i) {
        files.push_back({"usr/lib/l" + std::to_string(i) + ".so", "", 0777, "libfoo.so.1"});
    }
    const Subject subject = make_subject("demo", files);
    const auto start = std::chrono::steady_clock::now();
    const ScanResult result = scan_one(subject);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
    const Generated* generated = result.find(Relation::depends, "so:libfoo.so.1");
    REQUIRE(generated != nullptr);
    CHECK(generated->file_count == 100'000);
    CHECK(generated->files.size() == Generated::most_files);
}

TEST_CASE("scan: Go programs against OpenSSL need its configuration", "[package][scan]") {
    CHECK(uses_openssl_for_fips("path\tx\nbuild\tCGO_ENABLED=1\nbuild\tGOEXPERIMENT=systemcrypto\n")
    );
    CHECK_FALSE(uses_openssl_for_fips("build\tCGO_ENABLED=0\nbuild\tGOEXPERIMENT=systemcrypto\n"));
    CHECK_FALSE(uses_openssl_for_fips("build\tCGO_ENABLED=1\nbuild\tGOEXPERIMENT=rangefunc\n"));
}

}  // namespace quern::package
