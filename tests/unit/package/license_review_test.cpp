// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/review.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace quern::package {
namespace {

recipe::Copyright stated(std::string license, std::string path = {}, std::string override = {}) {
    recipe::Copyright entry;
    entry.license.value = std::move(license);
    entry.license_path.value = std::move(path);
    entry.detection_override.value = std::move(override);
    return entry;
}

LicenseFile file(std::string path, const std::vector<std::string>& ids, int confidence = 1000) {
    LicenseFile found{std::move(path), 100};
    for (const std::string& id : ids) {
        LicenseMatch match;
        match.id = id;
        match.confidence = confidence;
        match.first_line = 1;
        found.matches.push_back(match);
    }
    return found;
}

/// "LICENSE MIT, COPYING ISC": what the recipe does not state.
std::string differences(
    const std::vector<recipe::Copyright>& entries, const std::vector<LicenseFile>& files
) {
    std::string text;
    for (const LicenseDifference& each : compare_licenses(entries, files)) {
        text += (text.empty() ? "" : ", ") + each.path + " " + each.match.id;
    }
    return text;
}

/// "0:MIT +ISC@COPYING": entries that stay, and new ones.
std::string fixed(
    const std::vector<recipe::Copyright>& entries,
    const std::vector<LicenseFile>& files,
    bool is_simple = false
) {
    std::string text;
    for (const WantedCopyright& each : fixed_copyright(entries, files, is_simple)) {
        text += text.empty() ? "" : " ";
        text += each.entry ? std::to_string(*each.entry) + ":" : "+";
        text += each.license + (each.license_path.empty() ? "" : "@" + each.license_path);
    }
    return text;
}

struct Sources {
    TempDir directory = *TempDir::create(std::filesystem::temp_directory_path(), "quern-licenses-");
    FileTree tree = *FileTree::open(directory.path());

    void add(const std::string& path, const std::string& text = "x") {
        const std::size_t slash = path.rfind('/');
        if (slash != std::string::npos) {
            REQUIRE(tree.make_directories(path.substr(0, slash)));
        }
        REQUIRE(tree.write(path, text));
    }

    std::string names(const LicenseSearch& search = {}) const {
        std::string text;
        const auto files = find_licenses(tree, search);
        REQUIRE(files);
        for (const LicenseFile& each : *files) {
            text += (text.empty() ? "" : " ") + each.path;
        }
        return text;
    }
};

}  // namespace

TEST_CASE("license review: expressions state their licences", "[package][license_review]") {
    const auto [expression, found, is_stated] = GENERATE(table<const char*, const char*, bool>({
        {"MIT", "MIT", true},
        {"mit OR Apache-2.0", "MIT", true},
        {"MIT", "ISC", false},
        {"GPL-2.0-or-later", "GPL-2.0", true},
        {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0", true},
        {"GPL-2.0+", "GPL-2.0", true},
        {"GPL-3.0-or-later", "GPL-2.0", false},
        {"GPL-2.0-only", "GPL-2.0-or-later", false},
        {"GPL-2.0+", "GPL-2.0-or-later", true},
        {"GPL-2.0", "GPL-2.0-only", true},
        {"GFDL-1.3-no-invariants-or-later", "GFDL-1.3", true},
        {"LGPL-2.1-only", "GPL-2.0", false},
        {"Home-made", "Home-made", true},
        {"Home-made AND MIT", "MIT", false},
    }));
    CAPTURE(expression, found);
    CHECK(states_license(expression, found) == is_stated);
}

TEST_CASE("license review: what the recipe does not state is told", "[package][license_review]") {
    const auto mit = stated("MIT");
    CHECK(differences({mit}, {file("LICENSE", {"MIT"})}).empty());
    CHECK(differences({mit}, {file("LICENSE", {"MIT", "ISC"})}) == "LICENSE ISC");
    CHECK(differences({}, {file("LICENSE", {"MIT"})}) == "LICENSE MIT");
    CHECK(differences({mit}, {file("LICENSE", {"ISC"}, 899)}).empty());
    CHECK(differences({stated("MIT", "", "ISC")}, {file("LICENSE", {"ISC"})}).empty());

    const std::vector<recipe::Copyright> two = {stated("MIT", "LICENSE"), stated("ISC", "COPYING")};
    CHECK(differences(two, {file("LICENSE", {"MIT"}), file("COPYING", {"ISC"})}).empty());
    CHECK(differences(two, {file("LICENSE", {"ISC"})}) == "LICENSE ISC");
    CHECK(differences(two, {file("third/LICENSE", {"ISC"})}).empty());
    const auto told = compare_licenses(two, {file("LICENSE", {"ISC"})});
    REQUIRE(told.size() == 1);
    CHECK(told[0].entry == 0);
    CHECK(told[0].message == "LICENSE:1 is ISC (confidence 1.00); the recipe states MIT");
}

TEST_CASE("license review: --fix keeps what is right", "[package][license_review]") {
    const auto mit = stated("MIT");
    CHECK(fixed({mit}, {file("LICENSE", {"ISC"})}) == "+ISC@LICENSE");
    CHECK(
        fixed({mit}, {file("LICENSE", {"MIT"}), file("COPYING", {"ISC"})}) == "0:MIT +ISC@COPYING"
    );
    CHECK(fixed({stated("MIT", "LICENSE")}, {file("LICENSE", {"ISC"})}) == "0:ISC");
    CHECK(fixed({}, {file("LICENSE", {"GPL-2.0"})}) == "+GPL-2.0-only@LICENSE");
    CHECK(
        fixed({stated("GPL-2.0-or-later")}, {file("COPYING", {"GPL-2.0", "MIT"})}) ==
        "0:GPL-2.0-or-later +MIT@COPYING"
    );
    // What cannot be recognised is not refuted.
    CHECK(
        fixed({stated("LicenseRef-Own"), mit}, {file("LICENSE", {"ISC"})}) ==
        "0:LicenseRef-Own +ISC@LICENSE"
    );
    CHECK(
        fixed(
            {mit, stated("Zlib")}, {file("a/LICENSE", {"Zlib"}), file("LICENSE", {"ISC"})}, true
        ) == "0:ISC AND Zlib"
    );
}

TEST_CASE(
    "license review: names say how likely a file is the licence", "[package][license_files]"
) {
    const auto [name, weight] = GENERATE(table<const char*, int>({
        {"LICENSE", 100},       {"licence", 100},      {"UNLICENSE", 100},  {"License.md", 95},
        {"COPYING", 90},        {"Copyright.txt", 85}, {"LICENSE.MIT", 80}, {"COPYING.LESSER", 75},
        {"LICENSE-APACHE", 70}, {"LICENSE_1_0", 70},   {"COPYING-LIB", 65}, {"mit-license.txt", 60},
        {"gpl-COPYING", 55},    {"OFL.txt", 45},       {"PATENTS", 35},     {"NOTICE", 20},
        {"license.go", 0},      {"license.xml", 0},    {"licensed", 0},     {"main.c", 0},
        {"README.md", 0},
    }));
    CAPTURE(name);
    CHECK(license_file_weight(name) == weight);
}

TEST_CASE(
    "license review: files are found in the order of their weight", "[package][license_files]"
) {
    Sources sources;
    for (const char* path :
         {"a/b/LICENSE",
          "a/b/c/LICENSE",
          "src/COPYING",
          "NOTICE",
          "LICENSE",
          "vendor/x/LICENSE",
          "node_modules/x/LICENSE",
          "rustc-1.80.0-src/LICENSE",
          "melange-out/p/LICENSE",
          ".git/LICENSE",
          "LICENSES/Zlib.txt",
          "terms/OURS"}) {
        sources.add(path);
    }
    CHECK(sources.names() == "LICENSE a/b/LICENSE src/COPYING NOTICE LICENSES/Zlib.txt");
    LicenseSearch search;
    search.is_deep = true;
    search.named = {"terms/OURS", "LICENSE", "../outside", "missing"};
    CHECK(
        sources.names(search) ==
        "LICENSE a/b/LICENSE a/b/c/LICENSE vendor/x/LICENSE src/COPYING NOTICE LICENSES/Zlib.txt "
        "terms/OURS"
    );
    search.most_files = 2;
    CHECK(sources.names(search) == "LICENSE a/b/LICENSE");
}

TEST_CASE(
    "license review: links lead nowhere but where the recipe names one inside, and no pipe is "
    "opened",
    "[package][license_files]"
) {
    Sources sources;
    sources.add("real/LICENSE");
    REQUIRE(sources.tree.make_symlink("LICENSE", "real/LICENSE"));
    REQUIRE(sources.tree.make_symlink("loop", "."));
    REQUIRE(::mkfifo((sources.directory.path() / "COPYING").c_str(), 0644) == 0);
    LicenseSearch search;
    search.is_deep = true;
    CHECK(sources.names(search) == "real/LICENSE");
    REQUIRE(sources.tree.make_symlink("outside", "/etc/passwd"));
    search.named = {"LICENSE", "COPYING", "outside"};
    CHECK(sources.names(search) == "real/LICENSE LICENSE");
}

TEST_CASE("license review: large files and deep trees are cut", "[package][license_files]") {
    Sources sources;
    sources.add("LICENSE", std::string(600'000, ' ') + "x");
    std::string deep;
    for (int i = 0; i < 70; ++i) {
        deep += "d/";
    }
    sources.add(deep + "LICENSE");
    LicenseSearch search;
    search.is_deep = true;
    const auto files = find_licenses(sources.tree, search);
    REQUIRE(files);
    REQUIRE(files->size() == 1);
    CHECK(files->front().is_cut);
}

}  // namespace quern::package
