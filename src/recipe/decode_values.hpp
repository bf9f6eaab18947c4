// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"
#include "yaml/fields.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace quern::recipe {

/// The table of each type that stands for a map with keys of its own, found by the type of a
/// pointer.
const yaml::Table<Recipe>& table_of(const Recipe* of);
const yaml::Table<Package>& table_of(const Package* of);
const yaml::Table<Subpackage>& table_of(const Subpackage* of);
const yaml::Table<PipelineNode>& table_of(const PipelineNode* of);
const yaml::Table<Test>& table_of(const Test* of);
const yaml::Table<Scriptlets>& table_of(const Scriptlets* of);
const yaml::Table<Trigger>& table_of(const Trigger* of);
const yaml::Table<Dependencies>& table_of(const Dependencies* of);
const yaml::Table<PackageOptions>& table_of(const PackageOptions* of);
const yaml::Table<Copyright>& table_of(const Copyright* of);
const yaml::Table<Cpe>& table_of(const Cpe* of);
const yaml::Table<FileCapability>& table_of(const FileCapability* of);
const yaml::Table<Resources>& table_of(const Resources* of);
const yaml::Table<Environment>& table_of(const Environment* of);
const yaml::Table<User>& table_of(const User* of);
const yaml::Table<Group>& table_of(const Group* of);
const yaml::Table<PathMutation>& table_of(const PathMutation* of);
const yaml::Table<Capabilities>& table_of(const Capabilities* of);
const yaml::Table<VarTransform>& table_of(const VarTransform* of);
const yaml::Table<BuildOption>& table_of(const BuildOption* of);
const yaml::Table<RangeData>& table_of(const RangeData* of);

template <typename T>
concept Tabled = requires(const T* value) {
    table_of(value);
};

/// Readers of the recipe's types, found by the tables through their argument's namespace.
bool read_value(const yaml::Node& node, Text& value, yaml::Reader& reader);
/// A null value of a key is an empty text.
bool read_value(const yaml::Node& node, TextMap& value, yaml::Reader& reader);
/// A text where a step should be has advice of its own.
bool read_value(const yaml::Node& node, PipelineNode& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Environment& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, UpdateValue& value, yaml::Reader& reader);

template <Tabled T>
bool read_value(const yaml::Node& node, T& value, yaml::Reader& reader) {
    if constexpr (requires { value.where; }) {
        value.where = node.where();
    }
    return yaml::read_fields(node, value, table_of(&value), reader);
}

inline yaml::Form form_of(const Text* /*of*/) {
    return {yaml::Shape::text};
}
yaml::Form form_of(const TextMap* of);
yaml::Form form_of(const UpdateValue* of);
template <Tabled T>
yaml::Form form_of(const T* /*of*/) {
    return {yaml::Shape::object, nullptr, [] {
                return yaml::keys_of(table_of(static_cast<const T*>(nullptr)));
            }};
}

/// Whether a text of `update` is replaced while loading. `path` as in decode_update.cpp:
/// "git.tag-filter-prefix".
bool is_replaced_in_update(std::string_view path);

}  // namespace quern::recipe
