// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/schema.hpp"

#include "load_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace quern;
using Json = nlohmann::ordered_json;

namespace {

const Json& properties(const Json& schema, const char* definition) {
    return schema["$defs"].at(definition).at("properties");
}

}  // namespace

TEST_CASE("schema: every key has a description and a type", "[recipe][schema]") {
    const Json schema = Json::parse(recipe::json_schema(recipe::SchemaOf::recipe));
    CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
    CHECK(schema["$ref"] == "#/$defs/recipe");
    std::size_t keys = 0;
    for (const auto& [name, definition] : schema["$defs"].items()) {
        CHECK(definition["additionalProperties"] == false);
        for (const auto& [key, value] : definition["properties"].items()) {
            CAPTURE(name, key);
            CHECK(!value["description"].get<std::string>().empty());
            CHECK((value.contains("type") || value.contains("$ref")));
            ++keys;
        }
    }
    CHECK(keys > 150);
}

TEST_CASE("schema: members are what the tables read", "[recipe][schema]") {
    const Json schema = Json::parse(recipe::json_schema(recipe::SchemaOf::recipe));
    const Json& top = properties(schema, "recipe");
    CHECK(top["pipeline"]["items"]["$ref"] == "#/$defs/step");
    CHECK(top["options"]["additionalProperties"]["$ref"] == "#/$defs/option");
    CHECK(top["vars"]["additionalProperties"]["type"][0] == "string");
    CHECK(top["update"]["$ref"] == "#/$defs/update");
    CHECK(top.contains("$schema"));
    CHECK(schema["$defs"]["recipe"]["required"] == Json::array({"package"}));
    CHECK(schema["$defs"]["package"]["required"] == Json::array({"name", "version"}));
    CHECK(properties(schema, "package")["epoch"]["type"][0] == "integer");
    CHECK(properties(schema, "step")["pipeline"]["items"]["$ref"] == "#/$defs/step");
    CHECK(properties(schema, "step")["inputs"]["additionalProperties"]["$ref"] == "#/$defs/input");
    CHECK(properties(schema, "update")["github"]["$ref"] == "#/$defs/github");
    CHECK(properties(schema, "github")["use-tag"]["type"][0] == "boolean");
    CHECK(properties(schema, "environment")["contents"]["$ref"] == "#/$defs/contents");
}

TEST_CASE("schema: definitions may have further keys", "[recipe][schema]") {
    const Json schema = Json::parse(recipe::json_schema(recipe::SchemaOf::definition));
    CHECK(schema["$ref"] == "#/$defs/step");
    CHECK(!schema["$defs"]["step"].contains("additionalProperties"));
}

TEST_CASE("schema: a recipe may name its schema", "[recipe][schema]") {
    CHECK(load_demo("$schema: recipe.schema.json\n").configuration);
}

TEST_CASE("schema: a misplaced key is sent to its map", "[recipe][schema]") {
    CHECK(
        recipe::place_of_key("no-depends", "package") == "this key belongs under 'package.options'"
    );
    CHECK(
        recipe::place_of_key("required-steps", "a step") ==
        "this key belongs under 'pipeline[].assertions'"
    );
    CHECK(
        recipe::place_of_key("packages", "environment") ==
        "this key belongs under 'environment.contents' or 'pipeline[].needs' or "
        "'options[].environment.contents'"
    );
    CHECK(recipe::place_of_key("nonsense", "package").empty());
}
