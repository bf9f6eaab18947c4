// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/schema.hpp"

#include "recipe/decode_values.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <vector>

namespace quern::recipe {

namespace {

using Json = nlohmann::ordered_json;
using yaml::Form;
using yaml::Key;
using yaml::Keys;
using yaml::Shape;

constexpr std::string_view draft = "https://json-schema.org/draft/2020-12/schema";

/// The name of a table as a definition of the schema: "a step" is "step".
std::string definition_name(std::string_view name) {
    for (const std::string_view article : {"a ", "an ", "the "}) {
        if (name.starts_with(article)) {
            name.remove_prefix(article.size());
            break;
        }
    }
    std::string out(name);
    std::replace(out.begin(), out.end(), ' ', '-');
    return out;
}

class SchemaMaker {
 public:
    /// `is_open`: maps may have further keys.
    explicit SchemaMaker(bool is_open) : is_open_(is_open) {}

    Json make(const Form& form) {
        switch (form.shape) {
            case Shape::text:
                return {{"type", {"string", "number", "boolean", "null"}}};
            case Shape::boolean:
                return {{"type", {"boolean", "null"}}};
            case Shape::integer:
                return {{"type", {"integer", "null"}}};
            case Shape::list:
                return with_members("array", "items", form);
            case Shape::map:
                return with_members("object", "additionalProperties", form);
            case Shape::object:
                break;
        }
        return form.object ? reference(form.object()) : Json{{"type", {"object", "null"}}};
    }

    /// What the references refer to, by name.
    Json definitions() const {
        Json sorted = Json::object();
        for (const auto& [name, definition] : definitions_) {
            sorted[name] = definition;
        }
        return sorted;
    }

 private:
    Json with_members(const char* type, const char* key, const Form& form) {
        Json schema = {{"type", {type, "null"}}};
        if (form.of) {
            schema[key] = make(form.of());
        }
        return schema;
    }

    Json reference(const Keys& keys) {
        const std::string name = definition_name(keys.name);
        if (!definitions_.contains(name)) {
            definitions_[name] = nullptr;  // its members may refer to it
            definitions_[name] = object(keys);
        }
        return {{"$ref", "#/$defs/" + name}};
    }

    Json object(const Keys& keys) {
        Json properties = Json::object();
        Json required = Json::array();
        for (const Key& key : keys.keys) {
            Json schema = {{"description", key.description}};
            schema.update(make(key.form()));
            properties[std::string(key.key)] = std::move(schema);
            if (key.is_required) {
                required.push_back(key.key);
            }
        }
        Json schema = {{"type", {"object", "null"}}, {"properties", std::move(properties)}};
        if (!required.empty()) {
            schema["required"] = std::move(required);
        }
        if (!is_open_) {
            schema["additionalProperties"] = false;
        }
        return schema;
    }

    bool is_open_;
    std::map<std::string, Json> definitions_;
};

/// A map of a recipe and where it stands: "package.options", "pipeline[].needs".
struct PlacedKeys {
    std::string place;
    Keys keys;
};

std::string below(const std::string& place, std::string_view key) {
    return place.empty() ? std::string(key) : fmt::format("{}.{}", place, key);
}

/// Every map of a recipe once, where it stands highest.
std::vector<PlacedKeys> all_maps() {
    std::vector<PlacedKeys> found;
    std::set<std::string, std::less<>> seen;
    std::deque<std::pair<std::string, Form>> open = {
        {"", form_of(static_cast<const Recipe*>(nullptr))}};
    while (!open.empty()) {
        const auto [place, form] = std::move(open.front());
        open.pop_front();
        const bool is_many = form.shape == Shape::list || form.shape == Shape::map;
        if (is_many && form.of) {
            open.emplace_back(place + "[]", form.of());
        }
        if (!form.object) {
            continue;
        }
        Keys keys = form.object();
        if (!seen.insert(std::string(keys.name)).second) {
            continue;
        }
        for (const Key& key : keys.keys) {
            open.emplace_back(below(place, key.key), key.form());
        }
        found.push_back({place, std::move(keys)});
    }
    return found;
}

}  // namespace

std::string json_schema(SchemaOf of) {
    const bool is_recipe = of == SchemaOf::recipe;
    SchemaMaker maker(!is_recipe);
    const Form form = is_recipe ? form_of(static_cast<const Recipe*>(nullptr))
                                : form_of(static_cast<const PipelineNode*>(nullptr));
    Json schema = {
        {"$schema", draft},
        {"$id", is_recipe ? "urn:quern:recipe" : "urn:quern:pipeline"},
        {"title", is_recipe ? "a recipe of packages" : "a definition of a pipeline"}};
    schema.update(maker.make(form));
    schema["$defs"] = maker.definitions();
    constexpr int indent = 2;
    return schema.dump(indent) + "\n";
}

std::string place_of_key(std::string_view key, std::string_view table) {
    constexpr std::size_t too_many = 4;
    std::string places;
    std::size_t count = 0;
    for (const PlacedKeys& map : all_maps()) {
        const bool has_key =
            std::any_of(map.keys.keys.begin(), map.keys.keys.end(), [key](const Key& known) {
                return known.key == key;
            });
        if (has_key && map.keys.name != table) {
            places += fmt::format(
                "{}'{}'",
                count++ == 0 ? "" : " or ",
                map.place.empty() ? "the top level" : map.place
            );
        }
    }
    return count == 0 || count >= too_many ? std::string()
                                           : fmt::format("this key belongs under {}", places);
}

}  // namespace quern::recipe
