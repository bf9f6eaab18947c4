// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/recipe_list.hpp"

#include "support/atomic_file.hpp"
#include "support/memory_file_reader.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace quern;
namespace fs = std::filesystem;

namespace {

std::string recipe_text(
    const std::string& name, const std::string& packages, const std::string& more
) {
    return "package: {name: " + name + ", version: '1', epoch: 0" + more +
           "}\nenvironment: {contents: {packages: [" + packages +
           "]}}\npipeline: [{runs: 'true'}]\n";
}

/// Recipes in an order that nobody wants, put in order.
Result<std::vector<fs::path>> ordered(
    const std::vector<std::pair<std::string, std::string>>& recipes
) {
    MemoryFileReader reader;
    std::vector<fs::path> paths;
    for (const auto& [name, text] : recipes) {
        reader.add(name, text);
        paths.emplace_back(name);
    }
    reader.add("pipelines/special.yaml", "needs: {packages: [tool]}\npipeline: [{runs: 'true'}]\n");
    pipeline::Library library({"pipelines"}, reader);
    recipe::LoadOptions options;
    options.architecture = "x86_64";
    return build::order_recipes(paths, options, reader, library);
}

using Paths = std::vector<fs::path>;

}  // namespace

TEST_CASE("recipe list: a recipe stands behind what its environment has", "[build][recipe_list]") {
    const auto order = ordered(
        {{"a", recipe_text("a", "b-dev>1, busybox", "")},
         {"b", recipe_text("b", "c", "") + "subpackages: [{name: b-dev}]\n"},
         {"c", recipe_text("c", "", "")}}
    );
    REQUIRE(order);
    CHECK(*order == Paths{"c", "b", "a"});
}

TEST_CASE("recipe list: what needs nothing keeps its place", "[build][recipe_list]") {
    const auto order =
        ordered({{"z", recipe_text("z", "", "")}, {"a", recipe_text("a", "busybox", "")}});
    REQUIRE(order);
    CHECK(*order == Paths{"z", "a"});
}

TEST_CASE("recipe list: what a pipeline needs counts", "[build][recipe_list]") {
    const std::string user =
        "package: {name: a, version: '1', epoch: 0}\npipeline: [{uses: special}]\n";
    const auto order = ordered({{"a", user}, {"tool", recipe_text("tool", "", "")}});
    REQUIRE(order);
    CHECK(*order == Paths{"tool", "a"});
}

TEST_CASE("recipe list: provides and run-time dependencies count", "[build][recipe_list]") {
    const auto order = ordered(
        {{"a", recipe_text("a", "virtual", "")},
         {"b", recipe_text("b", "", ", dependencies: {provides: [virtual=1], runtime: [c]}")},
         {"c", recipe_text("c", "", "")}}
    );
    REQUIRE(order);
    CHECK(order->back() == "a");
}

TEST_CASE("recipe list: a recipe may want what it makes", "[build][recipe_list]") {
    const auto order = ordered({{"a", recipe_text("a", "a", "")}});
    REQUIRE(order);
    CHECK(*order == Paths{"a"});
}

TEST_CASE("recipe list: a circle is an error that shows it", "[build][recipe_list]") {
    const auto order = ordered(
        {{"a", recipe_text("a", "b", "")},
         {"b", recipe_text("b", "c", "")},
         {"c", recipe_text("c", "b", "")}}
    );
    REQUIRE(!order);
    CHECK(order.error().code() == ErrorCode::invalid_recipe);
    CHECK(order.error().message() == "recipes need each other: b needs c needs b");
}

TEST_CASE(
    "recipe list: a wrong recipe stands in front, for the build to tell", "[build][recipe_list]"
) {
    const auto order = ordered({{"a", recipe_text("a", "b", "")}, {"b", "package: [\n"}});
    REQUIRE(order);
    CHECK(*order == Paths{"b", "a"});
}

TEST_CASE(
    "recipe list: image files, locks and other folders are no recipes", "[build][recipe_list]"
) {
    const auto place = TempDir::create(fs::temp_directory_path(), "recipe-list-");
    REQUIRE(place);
    const fs::path root = place->path();
    const auto write = [&](const char* name, const char* text) {
        fs::create_directories((root / name).parent_path());
        REQUIRE(write_file_atomically(root / name, text));
    };
    write("two.yaml", "# about\npackage:\n  name: two\n");
    write("image.yaml", "contents:\n  packages: [two]\n");
    write("two.lock.json", "package:\n");
    write("one/melange.yaml", "package: {name: one}\n");
    write("one/data.yaml", "package: none\n");
    write("deep/er/melange.yaml", "package: {name: deep}\n");
    // Nobody writes in it: who opens it waits for ever.
    REQUIRE(::mkfifo((root / "pipe.yaml").c_str(), 0600) == 0);
    const auto found = build::find_recipes(root);
    REQUIRE(found);
    CHECK(*found == Paths{root / "one/melange.yaml", root / "two.yaml"});
    CHECK(build::find_recipes(root / "deep/er/melange.yaml").error().code() == ErrorCode::io);
    fs::create_directories(root / "empty");
    CHECK(build::find_recipes(root / "empty").error().code() == ErrorCode::not_found);
}
