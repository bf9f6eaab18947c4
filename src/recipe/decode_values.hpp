// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"
#include "yaml/fields.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace quern::recipe {

/// Readers of the recipe's types, found by the tables through their argument's namespace.
bool read_value(const yaml::Node& node, Text& value, yaml::Reader& reader);
/// A null value of a key is an empty text.
bool read_value(const yaml::Node& node, TextMap& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, PipelineNode& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Scriptlets& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Trigger& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Dependencies& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, PackageOptions& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Copyright& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Cpe& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, FileCapability& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Resources& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Package& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Environment& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Test& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Subpackage& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, Capabilities& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, VarTransform& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, BuildOption& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, RangeData& value, yaml::Reader& reader);
bool read_value(const yaml::Node& node, UpdateValue& value, yaml::Reader& reader);

/// The keys that a map may have, and where that map stands in a recipe: for advice on a key that
/// was put in another map.
struct KnownKeys {
    std::string_view place;
    std::vector<std::string_view> keys;
};
void add_package_keys(std::vector<KnownKeys>& known);
void add_pipeline_keys(std::vector<KnownKeys>& known);
void add_environment_keys(std::vector<KnownKeys>& known);

template <typename T>
KnownKeys keys_of(std::string_view place, const yaml::Table<T>& table) {
    KnownKeys known{place, {}};
    for (const yaml::Field<T>& field : table.fields) {
        known.keys.push_back(field.key);
    }
    return known;
}

/// Whether a text of `update` is replaced while loading. `path` as in decode_update.cpp:
/// "git.tag-filter-prefix".
bool is_replaced_in_update(std::string_view path);

}  // namespace quern::recipe
