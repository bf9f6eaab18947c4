// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apk/package_writer.hpp"
#include "build/workspace.hpp"
#include "package/sbom.hpp"
#include "package/tree.hpp"
#include "quern/build.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"

#include <filesystem>
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
};

/// `.PKGINFO` of an output, without size and datahash. Source: recipe-and-build 7.2.
apk::PackageInfo package_info(const Output& output, const PackContext& context);
/// The rest of the control section: scripts, trigger, `.melange.yaml`. Source:
/// recipe-and-build 7.5.
std::map<std::string, std::string> control_files(const Output& output, const PackContext& context);
/// `security.capability` values by path below the package's root. Source: recipe-and-build 2.2,
/// "Capability".
std::map<std::string, std::string> file_capabilities(
    const std::vector<recipe::FileCapability>& setcap
);

/// Describes (SPDX document in the tree), reads and packs one output into `staging`. Errors:
/// invalid_data, io, limit.
Result<apk::WrittenPackage> pack(
    const Output& output,
    const PackContext& context,
    const std::filesystem::path& staging,
    const Services& services
);

}  // namespace quern::build
