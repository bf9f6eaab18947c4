// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace quern::recipe {

enum class SchemaOf { recipe, definition };

/// The JSON schema (draft 2020-12) of a recipe or of a pipeline definition, indented, with a
/// description of every key: made from the tables that read them. It takes what YAML gives for a
/// plain scalar where a text is wanted (1.10, yes), and null for anything.
std::string json_schema(SchemaOf of);

/// Advice on a key that is unknown where it stands: "this key belongs under 'package.options'".
/// Empty if no map of a recipe has it, or too many do.
std::string place_of_key(std::string_view key, std::string_view table);

}  // namespace quern::recipe
