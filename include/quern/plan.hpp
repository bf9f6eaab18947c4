// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/error.hpp"
#include "quern/recipe.hpp"

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

/// One executable unit.
struct Step {
    std::string name;   ///< for people: the node's name, else its `uses`, else "step N"
    std::string uses;   ///< definition that it came from; empty for the recipe's own
    std::string package;  ///< main package or subpackage that it works for
    std::string script;   ///< shell text, unchanged but for substitution; empty for native steps and pure assertions
    std::string native;   ///< "fetch" or "git-checkout": done on the host as data; `inputs` are its parameters
    std::map<std::string, std::string, std::less<>> inputs;
    std::string working_directory;  ///< absolute, in the guest: "/home/build"
    std::vector<std::pair<std::string, std::string>> environment;  ///< the node's merged environment, by name
    /// Where the script (or the node) stands, innermost first, then the chain of `uses` up to the recipe.
    std::vector<Span> origin;
    /// Set when the node's `required-steps` does not hold: the step fails with this message after its children ran.
    std::string failed_assertion;
};

/// The steps of one package in the order in which they run.
struct PackagePlan {
    std::string package;
    std::vector<Step> steps;
};

/// The flat form of a recipe's pipelines for one architecture: main package first, then its subpackages. False `if`s are gone.
struct Plan {
    std::vector<PackagePlan> packages;
    std::vector<PackagePlan> tests;  ///< by the package under test
};

/// A stable dump for golden tests and `--format text`.
std::string to_string(const Plan& plan);

/// Where definitions come from: directories in order, then the built-in set.
class Library {
 public:
    /// `directories`: --pipeline-dir, then --pipeline-dirs. `reader` must outlive the library. `built_in_directory`: overrides the embedded set.
    Library(std::vector<std::filesystem::path> directories, const FileReader& reader);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    struct Definition {
        recipe::PipelineNode node;
        std::string native;  ///< from a built-in definition that is done natively
        std::shared_ptr<const SourceFile> file;
    };
    /// Parsed once. nullptr with a diagnostic at `where` if there is none or it is wrong ("unknown-pipeline", did you mean).
    const Definition* find(std::string_view name, Span where, Diagnostics& diagnostics);
    /// Names of all definitions that can be found, sorted.
    std::vector<std::string> names() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

struct Compiled {
    recipe::Configuration configuration;  ///< pipelines expanded as melange's `compile` prints them, `needs` added to the environments, false subpackages removed
    Plan plan;
};

/// Expands `uses`, resolves inputs and variables, evaluates conditions, collects needs (recipe-and-build 4.2). Empty if an error was added.
std::optional<Compiled> compile(
    const recipe::Configuration& configuration, Library& library, const recipe::LoadOptions& options, Diagnostics& diagnostics
);

}  // namespace quern::pipeline
