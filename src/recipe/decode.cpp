// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode.hpp"

#include "recipe/decode_values.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::recipe {

namespace {

using yaml::field;
using yaml::Field;
using yaml::Node;
using yaml::Reader;
using yaml::Shape;
using yaml::Table;

constexpr std::array test_fields = {
    field<&Test::environment>("environment", Shape::object),
    field<&Test::pipeline>("pipeline", Shape::list),
};
constexpr Table<Test> test_table{"test", test_fields};

constexpr std::array capabilities_fields = {
    field<&Capabilities::add>("add", Shape::list),
    field<&Capabilities::drop>("drop", Shape::list),
};
constexpr Table<Capabilities> capabilities_table{"capabilities", capabilities_fields};

constexpr std::array transform_fields = {
    field<&VarTransform::from>("from"),
    field<&VarTransform::match>("match"),
    field<&VarTransform::replace>("replace"),
    field<&VarTransform::to>("to"),
};
constexpr Table<VarTransform> transform_table{"var-transforms", transform_fields};

constexpr std::array data_fields = {
    field<&RangeData::name>("name"),
    field<&RangeData::items>("items", Shape::map),
};
constexpr Table<RangeData> data_table{"data", data_fields};

constexpr std::array option_packages_fields = {
    field<&BuildOption::add_packages>("add", Shape::list),
    field<&BuildOption::remove_packages>("remove", Shape::list),
};
constexpr Table<BuildOption> option_packages_table{"packages of an option", option_packages_fields};

template <const Table<BuildOption>& Part>
void read_part(const Node& node, BuildOption& value, Reader& reader) {
    yaml::read_fields(node, value, Part, reader);
}

constexpr std::array option_contents_fields = {
    Field<BuildOption>{"packages", read_part<option_packages_table>, Shape::object},
};
constexpr Table<BuildOption> option_contents_table{"contents of an option", option_contents_fields};

constexpr std::array option_environment_fields = {
    Field<BuildOption>{"contents", read_part<option_contents_table>, Shape::object},
};
constexpr Table<BuildOption> option_environment_table{
    "environment of an option", option_environment_fields};

constexpr std::array option_fields = {
    field<&BuildOption::vars>("vars", Shape::map),
    Field<BuildOption>{"environment", read_part<option_environment_table>, Shape::object},
};
constexpr Table<BuildOption> option_table{"an option", option_fields};

void read_options(const Node& node, Recipe& recipe, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& value) {
        read_value(value, recipe.options[key.text()], reader);
    });
}

constexpr std::array recipe_fields = {
    field<&Recipe::package>("package", Shape::object),
    field<&Recipe::environment>("environment", Shape::object),
    field<&Recipe::capabilities>("capabilities", Shape::object),
    field<&Recipe::pipeline>("pipeline", Shape::list),
    field<&Recipe::subpackages>("subpackages", Shape::list),
    field<&Recipe::data>("data", Shape::list),
    field<&Recipe::update>("update", Shape::object),
    field<&Recipe::vars>("vars", Shape::map),
    field<&Recipe::var_transforms>("var-transforms", Shape::list),
    Field<Recipe>{"options", read_options, Shape::map},
    field<&Recipe::test>("test", Shape::object),
};
constexpr Table<Recipe> recipe_table{"the recipe", recipe_fields};

/// Where else in a recipe a key is known.
std::string other_places(std::string_view key, std::string_view /*table*/) {
    std::vector<KnownKeys> known;
    known.push_back(keys_of("the top level", recipe_table));
    add_package_keys(known);
    add_environment_keys(known);
    add_pipeline_keys(known);
    known.push_back(keys_of("an entry of data", data_table));
    known.push_back(keys_of("an entry of var-transforms", transform_table));
    constexpr std::size_t too_many = 4;
    std::string places;
    std::size_t count = 0;
    for (const KnownKeys& map : known) {
        if (std::find(map.keys.begin(), map.keys.end(), key) != map.keys.end()) {
            places += fmt::format("{}'{}'", count++ == 0 ? "" : " or ", map.place);
        }
    }
    return count == 0 || count >= too_many ? std::string()
                                           : fmt::format("this key belongs under {}", places);
}

void report_bad_variables(
    const Node& node, std::string_view what, std::string_view expected, Diagnostics& diagnostics
) {
    diagnostics.error(
        "wrong-type",
        fmt::format("{} must be {}, got {}", what, expected, node.kind_name()),
        node.where()
    );
}

std::optional<Node> root_map(
    const yaml::Document& document, const SourceFile& file, Diagnostics& diagnostics
) {
    const Node root = document.root();
    if (root.is_null()) {
        diagnostics.error(
            "empty-recipe",
            "the recipe is empty",
            {&file, 0, 0},
            "it needs at least 'package' with 'name' and 'version'"
        );
        return std::nullopt;
    }
    return root;
}

}  // namespace

bool read_value(const Node& node, Text& value, Reader& reader) {
    value.where = node.where();
    return yaml::read_value(node, value.value, reader);
}

bool read_value(const Node& node, TextMap& value, Reader& reader) {
    return yaml::for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        read_value(entry, value[key.text()], reader);
    });
}

bool read_value(const Node& node, Test& value, Reader& reader) {
    return read_fields(node, value, test_table, reader);
}
bool read_value(const Node& node, Capabilities& value, Reader& reader) {
    return read_fields(node, value, capabilities_table, reader);
}
bool read_value(const Node& node, VarTransform& value, Reader& reader) {
    return read_fields(node, value, transform_table, reader);
}
bool read_value(const Node& node, BuildOption& value, Reader& reader) {
    return read_fields(node, value, option_table, reader);
}
bool read_value(const Node& node, RangeData& value, Reader& reader) {
    return read_fields(node, value, data_table, reader);
}

std::optional<Recipe> decode_recipe(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
) {
    const auto document = yaml::Document::parse(file, diagnostics);
    const auto root = document ? root_map(*document, *file, diagnostics) : std::nullopt;
    if (!root) {
        return std::nullopt;
    }
    Recipe recipe;
    Reader reader{diagnostics, true, other_places};
    const bool is_map = read_fields(*root, recipe, recipe_table, reader);
    recipe.files.push_back(std::move(file));
    return is_map ? std::optional(std::move(recipe)) : std::nullopt;
}

std::optional<PipelineNode> decode_definition(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics, std::string* native
) {
    const std::size_t errors = diagnostics.error_count();
    const auto document = yaml::Document::parse(std::move(file), diagnostics);
    if (!document) {
        return std::nullopt;
    }
    Reader reader{diagnostics, false};
    PipelineNode node;
    read_value(document->root(), node, reader);
    if (const auto action = document->root().find("native"); action && native != nullptr) {
        yaml::read_value(*action, *native, reader);
    }
    return diagnostics.error_count() == errors ? std::optional(std::move(node)) : std::nullopt;
}

std::optional<TextMap> decode_variables(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
) {
    const std::size_t errors = diagnostics.error_count();
    const auto document = yaml::Document::parse(std::move(file), diagnostics);
    if (!document) {
        return std::nullopt;
    }
    Reader reader{diagnostics};
    TextMap variables;
    const Node root = document->root();
    if (!root.is_map() && !root.is_null()) {
        report_bad_variables(root, "the file of variables", "a map", diagnostics);
        return std::nullopt;
    }
    yaml::for_each_entry(root, reader, [&](const Node& key, const Node& value) {
        if (value.is_map() || value.is_list()) {
            report_bad_variables(
                value,
                fmt::format("vars: the variable '{}'", printable(key.text())),
                "a text",
                diagnostics
            );
            return;
        }
        read_value(value, variables[key.text()], reader);
    });
    return diagnostics.error_count() == errors ? std::optional(std::move(variables)) : std::nullopt;
}

}  // namespace quern::recipe
