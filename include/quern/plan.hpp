// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {
class FileReader;
}

namespace quern::pipeline {

/// One executable unit. Every step, native or not, makes its working directory where that is
/// missing.
struct Step {
    std::string name;  ///< for people: the node's name, else its `uses`, else the definition that
                       ///< it stands in, else "step N"
    std::string uses;  ///< definition that it came from; empty for the recipe's own
    std::string package;  ///< main package or subpackage that it works for
    /// Shell text, unchanged but for substitution. Empty for native steps, for pure assertions, and
    /// for steps that only make their directory.
    std::string script;
    std::string native;  ///< "fetch" or "git-checkout": done on the host as data; `inputs` are its
                         ///< parameters
    /// All declared inputs of a native step, with defaults and variables resolved; empty for other
    /// steps.
    std::map<std::string, std::string, std::less<>> inputs;
    std::string working_directory;  ///< absolute, in the guest: "/home/build"
    std::vector<std::pair<std::string, std::string>>
        environment;       ///< the node's merged environment, by name
    bool network = false;  ///< the recipe asks for the host's network
    /// The script fills `into` from the network; both kinds of path are below the workspace and
    /// relative to it. What is kept for them is taken in place of running the script.
    struct Downloads {
        std::string into;
        std::vector<std::string> locks;
        bool of_environment = false;
        bool may_be_kept = true;  ///< false: a lock file lies elsewhere, where nobody looks at it
    };
    std::optional<Downloads> downloads;
    /// Where the script (or the node) stands, innermost first, then the chain of `uses` up to the
    /// recipe.
    std::vector<Span> origin;
    /// Set when the node's `required-steps` does not hold: the step fails with this message after
    /// its children ran.
    std::string failed_assertion;
};

/// The steps of one package in the order in which they run.
struct PackagePlan {
    std::string package;
    std::vector<Step> steps;
};

/// The flat form of a recipe's pipelines for one architecture: main package first, then its
/// subpackages. False `if`s are gone.
struct Plan {
    std::vector<PackagePlan> packages;
    std::vector<PackagePlan> tests;  ///< by the package under test
};

/// A stable dump for golden tests and `--format text`.
std::string to_string(const Plan& plan);

/// Where definitions come from: directories in order, then the built-in set. Must outlive the
/// diagnostics that it gave, which point into its files. Thread safety: `find` and `names` may be
/// called at the same time.
class Library {
 public:
    /// `directories`: --pipeline-dir, then --pipeline-dirs. `reader` must outlive the library.
    Library(std::vector<std::filesystem::path> directories, const FileReader& reader);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    struct Definition {
        recipe::PipelineNode node;
        std::string native;     ///< from a built-in definition that is done natively
        bool built_in = false;  ///< its `environment` values are substituted; those of other
                                ///< definitions are not
        std::shared_ptr<const SourceFile> file;
    };
    /// Parsed once. nullptr with a diagnostic if there is none ("unknown-pipeline", did you mean),
    /// if the name is not a relative path
    /// ("bad-pipeline-name"), or if the definition is wrong; `where` is the place of the name.
    const Definition* find(std::string_view name, Span where, Diagnostics& diagnostics);
    /// Names of all definitions that can be found, sorted. The directories are listed on the real
    /// file system, not by `reader`.
    std::vector<std::string> names() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

struct Compiled {
    /// Pipelines expanded as melange's `compile` prints them, `needs` added to the environments,
    /// false subpackages removed. Its `files` hold the definitions too.
    recipe::Configuration configuration;
    Plan plan;

    struct Disabled {
        std::size_t index = 0;  ///< among the subpackages of the recipe
        recipe::Subpackage subpackage;
    };
    std::vector<Disabled> disabled;  ///< subpackages whose `if` is false, in order
};

/// The configuration with its disabled subpackages in their places: what `compile` prints.
recipe::Configuration with_disabled(Compiled compiled);

/// Expands `uses`, resolves inputs and variables, evaluates conditions, collects needs
/// (recipe-and-build 4.2). Empty if an error was added. Diagnostics inside of definitions carry the
/// chain of `uses` as notes.
std::optional<Compiled> compile(
    const recipe::Configuration& configuration,
    Library& library,
    const recipe::LoadOptions& options,
    Diagnostics& diagnostics
);

}  // namespace quern::pipeline
