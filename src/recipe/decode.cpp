// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode.hpp"

#include "recipe/decode_values.hpp"
#include "recipe/schema.hpp"
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
    field<&Test::environment>(
        "environment", "root of the test; the package itself is installed in it"
    ),
    field<&Test::pipeline>("pipeline", "steps of the test"),
};
constexpr Table<Test> test_table{"test", test_fields};

constexpr std::array capabilities_fields = {
    field<&Capabilities::add>("add", "capabilities that steps get: CAP_SYS_PTRACE"),
    field<&Capabilities::drop>("drop", "capabilities that steps lose"),
};
constexpr Table<Capabilities> capabilities_table{"capabilities", capabilities_fields};

constexpr std::array transform_fields = {
    field<&VarTransform::from>("from", "text that is searched: ${{package.version}}"),
    field<&VarTransform::match>(
        "match", "regular expression in the syntax of RE2; all matches are replaced"
    ),
    field<&VarTransform::replace>("replace", "text that stands for a match: $1, ${1}, ${name}"),
    field<&VarTransform::to>("to", "the result is ${{vars.NAME}}"),
};
constexpr Table<VarTransform> transform_table{"var-transforms", transform_fields};

constexpr std::array data_fields = {
    field<&RangeData::name>("name", "name that range refers to"),
    field<&RangeData::items>("items", "values by key; ${{range.key}} and ${{range.value}}"),
};
constexpr Table<RangeData> data_table{"data", data_fields};

constexpr std::array option_packages_fields = {
    field<&BuildOption::add_packages>("add", "packages that are added to the environment"),
    field<&BuildOption::remove_packages>("remove", "packages that are taken from it"),
};
constexpr Table<BuildOption> option_packages_table{"packages of an option", option_packages_fields};

template <const Table<BuildOption>& Part>
void read_part(const Node& node, BuildOption& value, Reader& reader) {
    yaml::read_fields(node, value, Part, reader);
}

constexpr std::array option_contents_fields = {
    Field<BuildOption>{
        "packages",
        read_part<option_packages_table>,
        Shape::object,
        "packages of the environment",
        yaml::object_form<option_packages_table>},
};
constexpr Table<BuildOption> option_contents_table{"contents of an option", option_contents_fields};

constexpr std::array option_environment_fields = {
    Field<BuildOption>{
        "contents",
        read_part<option_contents_table>,
        Shape::object,
        "what the environment is made of",
        yaml::object_form<option_contents_table>},
};
constexpr Table<BuildOption> option_environment_table{
    "environment of an option", option_environment_fields};

constexpr std::array option_fields = {
    field<&BuildOption::vars>("vars", "vars that change"),
    Field<BuildOption>{
        "environment",
        read_part<option_environment_table>,
        Shape::object,
        "packages that come and go",
        yaml::object_form<option_environment_table>},
};
constexpr Table<BuildOption> option_table{"an option", option_fields};

void read_options(const Node& node, Recipe& recipe, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& value) {
        read_value(value, recipe.options[key.text()], reader);
    });
}

yaml::Form options_form() {
    return {Shape::map, yaml::object_form<option_table>};
}

/// For editors.
void ignore_schema(const Node& /*node*/, Recipe& /*recipe*/, Reader& /*reader*/) {}

constexpr std::array recipe_fields = {
    Field<Recipe>{"$schema", ignore_schema, Shape::text, "address of this schema, for editors"},
    required(field<&Recipe::package>("package", "the main package")),
    field<&Recipe::environment>("environment", "root in which the steps run"),
    field<&Recipe::capabilities>("capabilities", "capabilities of the process that runs the steps"),
    field<&Recipe::pipeline>("pipeline", "steps that fill ${{targets.destdir}}"),
    field<&Recipe::subpackages>("subpackages", "further packages made of the same build"),
    field<&Recipe::data>("data", "what subpackages are repeated for"),
    field<&Recipe::update>("update", "how programs find newer versions"),
    field<&Recipe::vars>("vars", "texts for ${{vars.NAME}}"),
    field<&Recipe::var_transforms>("var-transforms", "vars that are made of other texts"),
    Field<Recipe>{
        "options", read_options, Shape::map, "variants, chosen by --build-option", options_form},
    field<&Recipe::test>("test", "test of the installed main package"),
};
constexpr Table<Recipe> recipe_table{"the recipe", recipe_fields};

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

const Table<Recipe>& table_of(const Recipe* /*of*/) {
    return recipe_table;
}
const Table<Test>& table_of(const Test* /*of*/) {
    return test_table;
}
const Table<Capabilities>& table_of(const Capabilities* /*of*/) {
    return capabilities_table;
}
const Table<VarTransform>& table_of(const VarTransform* /*of*/) {
    return transform_table;
}
const Table<BuildOption>& table_of(const BuildOption* /*of*/) {
    return option_table;
}
const Table<RangeData>& table_of(const RangeData* /*of*/) {
    return data_table;
}

yaml::Form form_of(const TextMap* /*of*/) {
    return {Shape::map, [] { return yaml::Form{Shape::text}; }};
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
    Reader reader{diagnostics, true, place_of_key};
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
