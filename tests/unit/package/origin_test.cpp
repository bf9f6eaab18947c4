// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/origin.hpp"

#include "package/sbom.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace quern::package {

TEST_CASE("origin: what a document was given about its recipe is read back", "[package][origin]") {
    const std::string url = GENERATE(
        std::string(purl_host()) + "acme/recipes", std::string("https://unknown/unknown/unknown")
    );
    SbomInput input;
    input.package = "demo";
    input.full_version = "1-r0";
    input.namespace_name = "wolfi";
    input.recipe_path = "dir/a b.yaml";
    input.recipe_commit = "c0ffee";
    input.recipe_repository_url = url;
    input.recipe_license = "MIT";
    const auto origin = recipe_origin(to_spdx_json(input));
    REQUIRE(origin);
    CHECK(origin->path == input.recipe_path);
    CHECK(origin->commit == input.recipe_commit);
    CHECK(origin->license == "MIT");
    input.recipe_repository_url = origin->repository_url;
    CHECK(to_spdx_json(input) == [&] {
        SbomInput same = input;
        same.recipe_repository_url = url;
        return to_spdx_json(same);
    }());
}

TEST_CASE("origin: documents that name no recipe are refused", "[package][origin]") {
    for (const char* text : {"", "{", "[]", "{}", R"({"packages":[1,{"name":3}]})"}) {
        CAPTURE(text);
        CHECK_FALSE(recipe_origin(text));
    }
}

}  // namespace quern::package
