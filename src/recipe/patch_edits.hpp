// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/source_file.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quern::recipe {

/// The step that a recipe without one gets, right behind what it gets its sources with.
struct PatchStep {
    std::string uses = "patch";     ///< or "git-am"
    std::string working_directory;  ///< empty: none is written
};

/// The text of a recipe whose one `patch` or `git-am` step of the main pipeline applies `files`,
/// which are relative to the directory of the step. Where there is no such step, `step` comes
/// behind the first source. Nothing else of the text moves. Errors: invalid_recipe (no YAML, no
/// pipeline with a source), unsupported (several such steps, a series, other leading parts to strip
/// than one, or written in a way that cannot be changed; the help says what to write).
Result<std::string> edit_patches(
    const std::shared_ptr<const SourceFile>& file,
    const std::vector<std::string>& files,
    const PatchStep& step
);

}  // namespace quern::recipe
