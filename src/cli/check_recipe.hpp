// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/recipe_flags.hpp"
#include "quern/diagnostic.hpp"
#include "quern/plan.hpp"
#include "support/cancel.hpp"
#include "support/file_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {

/// What all recipes of one `check` share. Nothing is owned.
struct CheckContext {
    const RecipeFlags& flags;
    const std::vector<std::string>& architectures;
    const FileReader& reader;
    pipeline::Library& library;
    const CancelToken& cancel;
};

/// One recipe of `check`: what was found, and what it has to do with others.
struct CheckedRecipe {
    std::filesystem::path path;
    Diagnostics diagnostics;
    std::shared_ptr<const SourceFile> file;  ///< none if it could not be read as YAML
    recipe::Text version;                    ///< as written
    std::uint64_t epoch = 0;
    std::vector<recipe::Text> needs;    ///< packages of its environments
    std::vector<std::string> provides;  ///< names that its packages will have
};

/// Names that no package has, with the one that was meant, which may be empty.
using UnknownNames = std::map<std::string, std::string, std::less<>>;

/// All that can be said of the recipe at `checked.path` by itself. Wrong recipes are no error.
/// Errors: interrupted, usage (flags).
Result<void> check_recipe(CheckedRecipe& checked, const CheckContext& context);

/// Names that are needed and not in `names`, added to `unknown` with nothing.
void note_unknown(
    const CheckedRecipe& checked,
    const std::set<std::string, std::less<>>& names,
    UnknownNames& unknown
);
/// "unknown-package": needs of which `unknown` has the name.
void check_needs(CheckedRecipe& checked, const UnknownNames& unknown);

/// "epoch-not-reset": the version is another than in `before`, the recipe's earlier text, and the
/// epoch is not 0.
void check_epoch(CheckedRecipe& checked, std::string before);

}  // namespace quern::cli
