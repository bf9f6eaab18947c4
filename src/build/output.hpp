// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/workspace.hpp"
#include "package/lint/lint.hpp"
#include "package/tree.hpp"
#include "quern/build.hpp"
#include "quern/recipe.hpp"

#include <string>
#include <vector>

namespace quern::build {

/// One output of a recipe: the main package or a subpackage, with what subpackages inherit already
/// filled in.
struct Output {
    std::string name;
    std::string description;
    std::string url;
    std::string commit;
    const recipe::Dependencies* dependencies = nullptr;
    const recipe::Scriptlets* scriptlets = nullptr;
    const std::vector<recipe::FileCapability>* setcap = nullptr;
    const std::vector<recipe::PipelineNode>* pipeline = nullptr;
    const recipe::PackageOptions* options = nullptr;
    const std::vector<recipe::Text>* checks_disabled = nullptr;
    const recipe::Test* test = nullptr;  ///< may be null
    bool is_main = false;
};

/// Main package first, then the subpackages. Points into `configuration`.
std::vector<Output> outputs_of(const recipe::Configuration& configuration);

/// What packing needs of the finished build.
struct PackContext {
    const BuildOptions& options;
    const recipe::Configuration& configuration;  ///< compiled, with the locked environment
    const Workspace& workspace;
    const package::Owners& owners;
    const package::LintSets& linters;
};

}  // namespace quern::build
