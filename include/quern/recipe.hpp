// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe_parts.hpp"
#include "quern/source_file.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern {
class FileReader;
}

namespace quern::recipe {

struct Trigger {
    Text script;
    std::vector<Text> paths;
};

struct Scriptlets {
    Text pre_install, post_install, pre_deinstall, post_deinstall, pre_upgrade, post_upgrade;
    Trigger trigger;
};

struct Dependencies {
    std::vector<Text> runtime;
    std::vector<Text> provides;
    std::vector<Text> replaces;
    Text provider_priority;
    Text replaces_priority;
};

struct PackageOptions {
    bool no_provides = false;
    bool no_depends = false;
    bool no_commands = false;
    bool no_versioned_shlib_deps = false;
};

struct Copyright {
    Text license;
    std::vector<Text> paths;
    Text attestation;
    Text license_path;
    Text detection_override;
};

/// Common Platform Enumeration fields (recipe-and-build 2.2).
struct Cpe {
    Text part, vendor, product, edition, language, software_edition, target_software,
        target_hardware, other;
    bool is_empty() const { return vendor.is_empty() && product.is_empty() && part.is_empty(); }
};

/// File capabilities to set on a path of the package.
struct FileCapability {
    Text path;
    TextMap add;  ///< comma-joined capability names → flags
    Text reason;
};

struct Resources {
    std::string cpu, cpu_model, memory, disk;
};

struct Package {
    Text name;
    Text version;  ///< without -rN
    std::uint64_t epoch = 0;
    Text description;
    TextMap annotations;
    Text url;
    Text commit;
    std::vector<Text> target_architectures;
    std::vector<Copyright> copyright;
    Dependencies dependencies;
    PackageOptions options;
    Scriptlets scriptlets;
    std::vector<Text> checks_disabled;
    Cpe cpe;
    std::vector<FileCapability> setcap;
    std::optional<std::chrono::nanoseconds> timeout;
    Resources resources;
    Resources test_resources;

    std::string full_version() const;  ///< "1.2.3-r4"
};

struct Test {
    Environment environment;
    std::vector<PipelineNode> pipeline;
};

struct Subpackage {
    Text name;
    Text condition;  ///< `if`
    Text range;
    std::vector<PipelineNode> pipeline;
    Dependencies dependencies;
    PackageOptions options;
    Scriptlets scriptlets;
    Text description;
    TextMap annotations;
    Text url;
    Text commit;
    std::vector<Text> checks_disabled;
    std::vector<FileCapability> setcap;
    std::optional<Test> test;
    Span where;
};

struct Capabilities {
    std::vector<std::string> add, drop;
};

struct VarTransform {
    Text from, match, replace, to;
};

struct BuildOption {
    TextMap vars;
    std::vector<Text> add_packages, remove_packages;
};

struct RangeData {
    Text name;
    TextMap items;
};

/// `update:` is metadata for update bots: kept as the tree that was written.
struct UpdateValue {
    enum class Kind { scalar, list, map } kind = Kind::scalar;
    Text scalar;
    std::vector<UpdateValue> list;
    std::vector<std::pair<std::string, UpdateValue>> map;  ///< in the order written
    bool is_string = true;                                 ///< false: bool or number in the output
};

/// A recipe: as written after `decode`; evaluated for one architecture after `load`, and then
/// called configuration.
struct Recipe {
    Package package;
    Environment environment;
    Capabilities capabilities;
    std::vector<PipelineNode> pipeline;
    std::vector<Subpackage> subpackages;
    std::vector<RangeData> data;
    std::optional<UpdateValue> update;
    TextMap vars;
    std::vector<VarTransform> var_transforms;
    std::map<std::string, BuildOption, std::less<>> options;
    std::optional<Test> test;
    /// Texts that the spans point into; shared by copies.
    std::vector<std::shared_ptr<const SourceFile>> files;
};

using Configuration = Recipe;

/// What the command line adds to a recipe.
struct LoadOptions {
    std::string architecture;                      ///< apk's name
    std::vector<std::string> build_options;        ///< --build-option
    std::vector<std::filesystem::path> env_files;  ///< --env-file, first wins
    std::filesystem::path vars_file;               ///< --vars-file
    std::string commit;               ///< --git-commit: default of package.commit; may be empty
    std::string libc_flavor = "gnu";  ///< suffix of host.triplet.*
    std::optional<std::chrono::nanoseconds> timeout;  ///< --timeout
    Resources resources;                              ///< --cpu … where not empty
};

/// Reads and evaluates a recipe: decode, options, variables, transforms, ranges, parse-time
/// substitution, defaults, validation. Empty if `diagnostics` got an error. Nothing but `reader` is
/// read.
std::optional<Configuration> load(
    const std::filesystem::path& path,
    const FileReader& reader,
    const LoadOptions& options,
    Diagnostics& diagnostics
);

/// The values that compile-time substitution sees (recipe-and-build 3.2), by bare name:
/// "build.arch".
using Variables = std::map<std::string, std::string, std::less<>>;
/// All fixed variables, vars and transforms of the configuration for the main package.
Variables compile_variables(
    const Configuration& configuration, const LoadOptions& options, Diagnostics& diagnostics
);

/// The configuration as melange's `compile` prints it: one line of JSON with melange's keys.
std::string to_json(const Configuration& configuration);
/// The configuration as `.melange.yaml` of a package: YAML that `load` reads again. No secrets, no
/// passwords in URLs.
std::string to_yaml(const Configuration& configuration);

}  // namespace quern::recipe
