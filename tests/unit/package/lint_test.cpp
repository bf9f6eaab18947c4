// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/lint/lint.hpp"

#include "package/lint/report.hpp"
#include "subjects.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace quern::package {
namespace {

using Texts = std::vector<std::string>;

LintOptions every_rule() {
    LintOptions options;
    for (const LintRuleText& rule : lint_rules()) {
        options.sets.warned.emplace(rule.id);
    }
    return options;
}

std::vector<LintFinding> lint_one(
    const Subject& subject, const LintOptions& options = every_rule()
) {
    return lint({&subject, 1}, 0, options);
}

const LintFinding* find(const std::vector<LintFinding>& findings, std::string_view rule) {
    const auto found =
        std::find_if(findings.begin(), findings.end(), [&](const LintFinding& finding) {
            return finding.rule == rule;
        });
    return found == findings.end() ? nullptr : &*found;
}

Texts paths_of(const std::vector<LintFinding>& findings, std::string_view rule) {
    Texts paths;
    if (const LintFinding* finding = find(findings, rule)) {
        for (const LintPlace& place : finding->places) {
            paths.push_back(place.path);
        }
    }
    return paths;
}

}  // namespace

TEST_CASE("lint: each rule about names finds its files and no others", "[package][lint]") {
    auto [rule, found, passed] = GENERATE(table<const char*, Texts, Texts>({
        {"dev", {"dev/null"}, {"usr/dev/x", "devices"}},
        {"varempty", {"var/empty/x"}, {"var/emptyx"}},
        {"opt", {"opt/x"}, {"usr/opt/x"}},
        {"srv", {"srv/x"}, {"srvx"}},
        {"usrlocal", {"usr/local/x"}, {"usr/localx"}},
        {"tempdir", {"run/x", "tmp/a", "var/run/b", "var/tmp/c"}, {"usr/tmp/x"}},
        {"infodir", {"usr/share/info/dir"}, {"usr/share/info/x.info", "usr/share/info/directory"}},
        {"libtool/la-files", {"usr/lib/a.la"}, {"usr/lib/a.lab"}},
        {"object", {"usr/lib/a.o"}, {"usr/lib/a.so"}},
        {"staticarchive", {"usr/lib/a.a"}, {"usr/lib/a.aa"}},
        {"dll", {"usr/a.dll"}, {}},
        {"dylib", {"usr/a.dylib"}, {}},
        {"usrmerge",
         {"bin/a", "lib/x", "lib64/y", "sbin/b", "usr/sbin/c"},
         {"usr/bin/x", "usr/lib/y"}},
        {"maninfo",
         {"usr/local/share/man/x.1",
          "usr/man/man8/x.8",
          "usr/share/info/x.info",
          "usr/share/info/x.info-2.gz",
          "usr/share/man/man1/x.1",
          "usr/share/man/man3/x.3pm.gz"},
         {"usr/share/man/man1/README", "usr/share/doc/x.1"}},
        {"documentation",
         {"usr/share/x/README", "usr/share/x/a.md", "usr/share/x/a.rst"},
         {"usr/share/x/README.txt", "usr/x.mdx"}},
        {"cudaruntimelib",
         {"usr/lib/libcuda.so", "usr/lib/libnvidia-ml.so.1"},
         {"usr/lib/libcudart.so", "usr/lib/x/libcuda.so.1"}},
        {"lddcheck", {"usr/lib/a.so", "usr/lib/a.so.1.2"}, {"usr/lib/a.so.x", "usr/lib/a.sox"}},
        {"pkgconf",
         {"usr/lib/pkgconfig/a.pc", "usr/share/pkgconfig/b.pc"},
         {"usr/x/pkgconfig/a.pc"}},
        {"sbom",
         {"var/lib/db/sbom/x.txt"},
         {"var/lib/db/sbom/x.spdx.json", "var/lib/db/sbom/d/x.txt"}},
        {"unsupportedarch",
         {"usr/share/riscv64/x", "usr/share/tool-ppc64le"},
         {"usr/share/tool-ppc64le-to-x86_64", "usr/share/mipsy.txt"}},
        {"nonlinux", {"usr/share/Darwin/x", "usr/share/win32-notes"}, {"usr/share/linux/x"}},
    }));
    CAPTURE(rule);
    std::vector<MadeFile> files;
    for (const Texts& paths : {found, passed}) {
        for (const std::string& path : paths) {
            files.push_back({path});
        }
    }
    Texts want = found;
    if (std::string(rule) == "usrmerge") {
        want.insert(want.end(), {"bin", "lib", "lib64", "sbin", "usr/sbin"});
    }
    Texts got = paths_of(lint_one(make_subject("demo", files)), rule);
    std::sort(want.begin(), want.end());
    std::sort(got.begin(), got.end());
    CHECK(got == want);
}

TEST_CASE("lint: what names of packages exempt", "[package][lint]") {
    auto [package, path, rule] = GENERATE(table<const char*, const char*, const char*>({
        {"x-compat", "opt/a", "opt"},
        {"x-compat", "usr/local/a", "usrlocal"},
        {"x-doc", "usr/share/man/man1/a.1", "maninfo"},
        {"x-dev", "usr/lib/a.a", "staticarchive"},
        {"x-static", "usr/lib/a.a", "staticarchive"},
        {"x-dev", "usr/lib/a.dll", "dll"},
    }));
    CAPTURE(package, rule);
    CHECK(find(lint_one(make_subject(package, {{path}})), rule) == nullptr);
    CHECK(find(lint_one(make_subject("x", {{path}})), rule) != nullptr);
}

TEST_CASE("lint: modes are told bit by bit", "[package][lint]") {
    const auto findings = lint_one(make_subject(
        "demo",
        {{"usr/bin/su", "x", 06755}, {"usr/share/w", "x", 0666}, {"usr/share/ok", "x", 0644}}
    ));
    REQUIRE(find(findings, "setuidgid") != nullptr);
    CHECK(find(findings, "setuidgid")->places[0].note == "setuid setgid");
    CHECK(paths_of(findings, "worldwrite") == Texts{"usr/share/w"});
}

TEST_CASE("lint: tests that a package has silence what asks for them", "[package][lint]") {
    LintOptions options = every_rule();
    options.test_pipelines = {"test/pkgconf", "test/tw/ldd-check"};
    const auto findings =
        lint_one(make_subject("demo", {{"usr/lib/a.so"}, {"usr/lib/pkgconfig/a.pc"}}), options);
    CHECK(find(findings, "lddcheck") == nullptr);
    CHECK(find(findings, "pkgconf") == nullptr);
}

TEST_CASE("lint: programs are judged by their headers", "[package][lint]") {
    const std::string debug = make_elf({.sections = {".debug_info"}});
    const std::string sparc = make_elf({.machine = 43});
    const std::string weak = make_elf({.needed = {"libc.so.6"}, .type = 2, .has_relro = false});
    const auto findings = lint_one(make_subject(
        "demo",
        {{"usr/bin/debug", debug, 0755},
         {"usr/share/debug-data", debug},
         {"usr/bin/sparc", sparc, 0755},
         {"usr/bin/weak", weak, 0755}}
    ));
    CHECK(paths_of(findings, "strip") == Texts{"usr/bin/debug"});
    CHECK(paths_of(findings, "binaryarch") == Texts{"usr/bin/sparc"});
    REQUIRE(find(findings, "hardening") != nullptr);
    CHECK(paths_of(findings, "hardening") == Texts{"usr/bin/weak"});
    CHECK(find(findings, "hardening")->places[0].note == "no PIE, no RELRO");
}

TEST_CASE("lint: libraries are searched in the package and the system only", "[package][lint]") {
    auto [path, is_found] = GENERATE(table<const char*, bool>({
        {"$ORIGIN/../lib", false},
        {"$ORIGIN/../../../tmp", true},
        {"/usr/lib", false},
        {"/usr/lib/demo/", false},
        {"/home/build/x", true},
        {"lib", true},
        {"/usr/lib::/usr/lib", true},
    }));
    CAPTURE(path);
    const auto findings = lint_one(
        make_subject("demo", {{"usr/bin/x", make_elf({.search_path = path})}, {"usr/lib/demo/y"}})
    );
    CHECK((find(findings, "rpath") != nullptr) == is_found);
}

TEST_CASE("lint: what stands in files is seen", "[package][lint]") {
    const std::string late_gzip("\x1f\x8b\x08\0\x01\x00\x00\x70\0\3xxxx", 14);
    const std::string pyc = std::string("\xcb\r\r\n\0\0\0\0\0\0\0\x70\1\0\0\0", 16);
    const std::string hashed_pyc = std::string("\xcb\r\r\n\3\0\0\0\0\0\0\x70\1\0\0\0", 16);
    const auto findings = lint_one(make_subject(
        "demo",
        {{"usr/a.gz", late_gzip},
         {"usr/b.pyc", pyc},
         {"usr/c.pyc", hashed_pyc},
         {"usr/key.pem", "text\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"},
         {"usr/doc", "begin with -----BEGIN RSA PRIVATE KEY----- in a line\n"},
         {"usr/path", std::string(200'000, 'x') + "/home/build/src/x.c" + std::string(9, 'x')}}
    ));
    CHECK(paths_of(findings, "timestamp") == Texts{"usr/a.gz", "usr/b.pyc"});
    CHECK(paths_of(findings, "privatekey") == Texts{"usr/key.pem"});
    CHECK(paths_of(findings, "buildpath") == Texts{"usr/path"});
    LintOptions later = every_rule();
    later.source_date = 0x70000002;
    CHECK(
        find(lint_one(make_subject("demo", {{"usr/a.gz", late_gzip}}), later), "timestamp") ==
        nullptr
    );
}

TEST_CASE("lint: copies are told with what they waste, licences left out", "[package][lint]") {
    const std::string big(1500, 'z');
    const auto findings = lint_one(make_subject(
        "demo",
        {{"usr/a/same", big},
         {"usr/b/same", big},
         {"usr/c/other", big},
         {"usr/a/LICENSE", big},
         {"usr/b/LICENSE", big},
         {"usr/a/s", "x"},
         {"usr/b/s", "x"}}
    ));
    CHECK(paths_of(findings, "duplicate") == Texts{"usr/a/same", "usr/b/same"});
    const auto json = nlohmann::json::parse(to_persisted_json({"demo-1-r0", "", findings}));
    const auto& details = json["findings"]["duplicate"][0]["details"];
    CHECK(details["total_wasted_size"] == "1.5 kB");
    CHECK(details["duplicates"][0]["count"] == 2);
    CHECK(details["duplicates"][0]["wasted_bytes"] == 1500);
}

TEST_CASE("lint: Python packages by site-packages", "[package][lint]") {
    const std::string site = "usr/lib/python3.12/site-packages/";
    const auto findings = lint_one(make_subject(
        "demo",
        {{site + "one/a"},
         {site + "six.py"},
         {site + "_private"},
         {site + "one-1.dist-info/x"},
         {site + "tests/t"},
         {site + "docs/d"}}
    ));
    CHECK(paths_of(findings, "python/multiple") == Texts{"one", "six"});
    CHECK(find(findings, "python/test") != nullptr);
    CHECK(find(findings, "python/docs") != nullptr);
    const auto clean =
        lint_one(make_subject("demo", {{site + "one/tests/t"}, {site + "one-1.dist-info/x"}}));
    CHECK(find(clean, "python/multiple") == nullptr);
    CHECK(find(clean, "python/test") == nullptr);
    const auto two = lint_one(
        make_subject("demo", {{site + "one/a"}, {"usr/lib/python3.11/site-packages/one/a"}})
    );
    CHECK(find(two, "python/test") != nullptr);
}

TEST_CASE("lint: siblings share no files and complete each other's links", "[package][lint]") {
    std::vector<Subject> recipe;
    recipe.push_back(make_subject("demo", {{"usr/lib/libx.so.1"}, {"usr/share/both"}}));
    recipe.push_back(make_subject(
        "demo-dev",
        {{"usr/lib/libx.so", "", 0777, "libx.so.1"},
         {"usr/lib/liby.so", "", 0777, "liby.so.1"},
         {"usr/null", "", 0777, "/dev/null"},
         {"usr/share/both"}}
    ));
    const auto findings = lint(recipe, 1, every_rule());
    CHECK(paths_of(findings, "danglinglink") == Texts{"usr/lib/liby.so"});
    CHECK(paths_of(findings, "conflict") == Texts{"usr/share/both"});
    LintOptions replacing = every_rule();
    replacing.replaces = {"demo"};
    CHECK(find(lint(recipe, 1, replacing), "conflict") == nullptr);
}

TEST_CASE("lint: links in a circle are found", "[package][lint]") {
    std::vector<Subject> recipe;
    recipe.push_back(make_subject(
        "demo",
        {{"usr/a", "", 0777, "b"},
         {"usr/b", "", 0777, "/usr/a"},
         {"usr/self", "", 0777, "self/x"},
         {"usr/X11", "", 0777, "."},
         {"usr/up", "", 0777, "../../usr"},
         {"usr/good", "", 0777, "X11/X11/file"},
         {"usr/file"},
         {"usr/round", "", 0777, "trip"}}
    ));
    recipe.push_back(make_subject("demo-dev", {{"usr/trip", "", 0777, "round"}}));
    const auto findings = lint(recipe, 0, every_rule());
    CHECK(paths_of(findings, "linkloop") == Texts{"usr/a", "usr/b", "usr/round", "usr/self"});
    CHECK(paths_of(lint(recipe, 1, every_rule()), "linkloop") == Texts{"usr/trip"});
}

TEST_CASE("lint: sets are replaced, and a disabled linter warns", "[package][lint]") {
    const auto sets = LintSets::choose({"dev", "opt"}, {"srv"});
    REQUIRE(sets);
    CHECK(sets->required == std::set<std::string, std::less<>>{"dev", "opt"});
    CHECK(sets->warned == std::set<std::string, std::less<>>{"srv"});
    const LintSets disabled = sets->without({{"opt", {}}});
    CHECK(disabled.required.count("opt") == 0);
    CHECK(disabled.warned.count("opt") == 1);
    CHECK(sets->required.count("opt") == 1);
    const auto unknown = LintSets::choose({"worldwriet"}, {});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message().find("worldwriet") != std::string::npos);
    CHECK(unknown.error().help().find("'worldwrite'") != std::string::npos);
}

TEST_CASE("lint: a package without files is empty, whatever documents it has", "[package][lint]") {
    CHECK(
        find(
            lint_one(make_subject("demo", {{"usr/share/"}, {"var/lib/db/sbom/x.spdx.json"}})),
            "empty"
        ) != nullptr
    );
    CHECK(find(lint_one(make_subject("demo", {{"usr/x"}})), "empty") == nullptr);
}

TEST_CASE("lint: every rule says why and how to mend, and stands in order", "[package][lint]") {
    const auto rules = lint_rules();
    for (const LintRuleText& rule : rules) {
        CAPTURE(rule.id);
        CHECK(!rule.why.empty());
        CHECK(!rule.mend.empty());
    }
    CHECK(std::is_sorted(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
        return a.id < b.id;
    }));
}

TEST_CASE("lint: SARIF names the rule, the package and the files", "[package][lint]") {
    LintedPackage linted{"demo-1-r0", "demo-1-r0.apk", lint_one(make_subject("demo", {{"opt/x"}}))};
    const auto log = nlohmann::json::parse(to_sarif({linted}));
    CHECK(log["version"] == "2.1.0");
    const auto& results = log["runs"][0]["results"];
    const auto opt = std::find_if(results.begin(), results.end(), [](const auto& result) {
        return result["ruleId"] == "opt";
    });
    REQUIRE(opt != results.end());
    CHECK((*opt)["level"] == "warning");
    CHECK((*opt)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "demo-1-r0.apk");
    CHECK((*opt)["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "opt/x");
}

}  // namespace quern::package
