// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "quern/source_file.hpp"

#include <memory>
#include <optional>
#include <string>

namespace quern::recipe {

/// A recipe as it is written: nothing substituted, nothing defaulted. Unknown keys, wrong types and
/// syntax errors are diagnostics, all of them at once. Empty only if the file holds no map at all.
std::optional<Recipe> decode_recipe(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
);

/// A pipeline definition: the shape of one node at the top of the file; unknown keys are ignored at
/// any depth. The text of the top-level key `native`, our own extension that names an action of the
/// host, goes to `native` if that is given. The file must outlive the node. Empty if an error was
/// added.
std::optional<PipelineNode> decode_definition(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics, std::string* native = nullptr
);

/// A variables file: a map of texts.
std::optional<TextMap> decode_variables(
    std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
);

}  // namespace quern::recipe
