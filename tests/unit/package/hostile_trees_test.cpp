// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/files.hpp"
#include "package/lint/lint.hpp"
#include "package/scan/scan.hpp"
#include "subjects.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace quern::package {
namespace {

LintOptions every_rule() {
    LintOptions options;
    for (const LintRuleText& rule : lint_rules()) {
        options.sets.warned.emplace(rule.id);
    }
    return options;
}

std::vector<std::string> rules_of(const std::vector<LintFinding>& findings) {
    std::vector<std::string> rules;
    for (const LintFinding& finding : findings) {
        rules.emplace_back(finding.rule);
    }
    return rules;
}

/// Scans and lints all of a recipe's packages; gives the rules that found something in the first.
std::vector<std::string> look_at(const std::vector<Subject>& recipe) {
    const auto started = std::chrono::steady_clock::now();
    std::vector<std::string> rules;
    for (std::size_t i = 0; i < recipe.size(); ++i) {
        scan(recipe, i, {"1-r0", {}, {}});
        const auto findings = lint(recipe, i, every_rule());
        if (i == 0) {
            rules = rules_of(findings);
        }
    }
    // Many times what it takes, and far from what a square of the size would.
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(20));
    return rules;
}

bool has(const std::vector<std::string>& rules, std::string_view rule) {
    return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

TEST_CASE("hostile trees: 100,000 files of one name and content", "[package][hostile_trees]") {
    std::vector<MadeFile> files;
    const std::string large(1'024, 'x');  // copies of it are counted
    for (int i = 0; i < 100'000; ++i) {
        files.push_back(
            {fmt::format("usr/share/{}/{}/same", i / 1'000, i % 1'000), i % 20 == 0 ? large : "x"}
        );
    }
    std::vector<Subject> recipe;
    recipe.push_back(make_subject("many", files));
    look_at(recipe);
}

TEST_CASE("hostile trees: 20,000 links that loop or lead nowhere", "[package][hostile_trees]") {
    std::vector<MadeFile> files;
    for (int i = 0; i < 10'000; ++i) {
        files.push_back(
            {fmt::format("usr/lib/libl{}.so", i),
             "",
             0777,
             fmt::format("libl{}.so", (i + 1) % 10'000)}
        );
        files.push_back({fmt::format("usr/lib/libd{}.so", i), "", 0777, "nothing.so.1"});
    }
    std::vector<Subject> recipe;
    recipe.push_back(make_subject("links-dev", files));
    const auto findings = look_at(recipe);
    CHECK(has(findings, "danglinglink"));
    CHECK(has(findings, "linkloop"));
}

TEST_CASE("hostile trees: directories 64 deep with a library in each", "[package][hostile_trees]") {
    std::vector<MadeFile> files;
    std::string path = "usr/lib/";
    for (int i = 0; i < 64; ++i) {
        path += "d/";
        files.push_back({path + "libdeep.so.1", make_elf({.soname = "libdeep.so.1"})});
        files.push_back({path + "back", "", 0777, "../.."});
    }
    std::vector<Subject> recipe;
    recipe.push_back(make_subject("deep", files));
    look_at(recipe);
}

TEST_CASE(
    "hostile trees: packages of a recipe that hold the same files", "[package][hostile_trees]"
) {
    std::vector<MadeFile> files;
    for (int i = 0; i < 5'000; ++i) {
        files.push_back({fmt::format("usr/share/f{}", i), "x"});
    }
    std::vector<Subject> recipe;
    for (int i = 0; i < 8; ++i) {
        recipe.push_back(make_subject(fmt::format("part{}", i), files));
    }
    CHECK(has(look_at(recipe), "conflict"));
}

TEST_CASE(
    "hostile trees: a hard link to another package's file is a file", "[package][hostile_trees]"
) {
    const TempDir directory =
        *TempDir::create(std::filesystem::temp_directory_path(), "quern-hostile-");
    const FileTree all = *FileTree::open(directory.path());
    REQUIRE(all.make_directories("one"));
    REQUIRE(all.make_directories("two"));
    REQUIRE(all.write("one/a", "12345"));
    REQUIRE(
        ::link((directory.path() / "one/a").c_str(), (directory.path() / "two/b").c_str()) == 0
    );
    const auto tree = read_tree(
        *all.subtree("two"), {}, {.ids = {::getuid(), 1}, .timestamp = {}, .capabilities = {}}
    );
    REQUIRE(tree);
    REQUIRE(tree->entries.size() == 1);
    CHECK(tree->entries[0].type == archive::TarType::file);
    CHECK(tree->installed_size == 5);
}

TEST_CASE(
    "hostile trees: names of licences with odd bytes are found and harmless",
    "[package][hostile_trees]"
) {
    const TempDir directory =
        *TempDir::create(std::filesystem::temp_directory_path(), "quern-hostile-");
    const FileTree tree = *FileTree::open(directory.path());
    REQUIRE(tree.write("LICENSE-a\nb", "x"));
    REQUIRE(tree.write("LICENSE-\x1b[31m", "x"));
    const auto files = find_licenses(tree, {});
    REQUIRE(files);
    CHECK(files->size() == 2);
}

}  // namespace quern::package
