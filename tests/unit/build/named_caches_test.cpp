// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/named_caches.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace quern::build {
namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("named caches: a preset sets its variables where the recipe has none", "[build]") {
    const auto caches = parse_caches({"ccache", "go"});
    REQUIRE(caches);
    recipe::Environment recipe;
    recipe.environment["CCACHE_UMASK"] = {"077", {}};
    const recipe::Environment made = with_caches(recipe, *caches, "t");
    CHECK(made.environment.at("CCACHE_DIR").value == "/var/cache/melange/ccache");
    CHECK(made.environment.at("CCACHE_UMASK").value == "077");
    CHECK(made.environment.at("GOCACHE").value == "/var/cache/melange/gocache");
    // It would write other paths into debug information than the compiler does.
    CHECK(made.environment.count("CCACHE_BASEDIR") == 0);
    CHECK(packages_of(*caches) == Names{"ccache"});
    CHECK(cache_names(made, *caches) == Names{"ccache", "gocache"});
}

TEST_CASE("named caches: sccache has a directory for each toolchain", "[build]") {
    const auto caches = parse_caches({"sccache", "ccache"});
    REQUIRE(caches);
    const auto directory = [&](std::string_view toolchain) {
        return with_caches({}, *caches, toolchain).environment.at("SCCACHE_DIR").value;
    };
    CHECK(directory("one") == "/var/cache/melange/sccache/one");
    CHECK(directory("two") != directory("one"));
    CHECK(wrapper_of(*caches) == "ccache");
    CHECK(wrapper_of({}).empty());
}

TEST_CASE("named caches: a directory of any name goes to a variable", "[build]") {
    const auto caches = parse_caches({"yarn=YARN_CACHE_FOLDER"});
    REQUIRE(caches);
    const recipe::Environment made = with_caches({}, *caches, "t");
    CHECK(made.environment.at("YARN_CACHE_FOLDER").value == "/var/cache/melange/yarn");
    CHECK(cache_names(made, *caches) == Names{"yarn"});
    const char* const wrong = GENERATE(
        "yarn", "", "=X", "a/b=X", "..=X", ".compilers=X", "a:b=X", "a=", "a=1X", "a=X Y", "-a=X"
    );
    CAPTURE(wrong);
    const auto refused = parse_caches({wrong});
    REQUIRE(!refused);
    CHECK(refused.error().code() == ErrorCode::usage);
}

TEST_CASE("named caches: variables of the recipe name caches, none of quern's own", "[build]") {
    recipe::Environment recipe;
    recipe.environment["A"] = {"/var/cache/melange/npm/deep", {}};
    recipe.environment["B"] = {"/var/cache/melange/../up", {}};
    recipe.environment["C"] = {"/var/cache/melange/.compilers", {}};
    recipe.environment["D"] = {"/elsewhere/x", {}};
    recipe.environment["E"] = {"/var/cache/melange/x,type=bind,src=/etc", {}};
    recipe.environment["F"] = {"/var/cache/melange/", {}};
    CHECK(cache_names(recipe, {}) == Names{"npm"});
}

}  // namespace quern::build
