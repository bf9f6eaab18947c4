// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/variable_stack.hpp"
#include "quern/diagnostic.hpp"
#include "quern/plan.hpp"
#include "quern/recipe.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quern::pipeline {

/// Expands pipelines in place, and collects their steps and needs on the way. One object serves a
/// whole recipe: its bounds and the definitions that it saw are those of the recipe.
class Expander {
 public:
    Expander(Library& library, VariableStack& variables, Diagnostics& diagnostics)
        : library_(library), variables_(variables), diagnostics_(diagnostics) {}

    struct Result {
        std::vector<Step> steps;
        std::vector<recipe::Text> needs;  ///< in document order, with duplicates
    };
    /// `package` is what the steps work for.
    Result expand(const std::string& package, std::vector<recipe::PipelineNode>& pipeline);

    /// Texts of the definitions that were used.
    const std::set<std::shared_ptr<const SourceFile>>& files() const { return files_; }

 private:
    using Environment = std::map<std::string, std::string, std::less<>>;
    using Inputs = std::map<std::string, std::string, std::less<>>;

    /// What a node gets from those above it.
    struct Surroundings {
        recipe::Text working_directory;
        Environment environment;
        bool built_in = false;  ///< the node stands in a built-in definition
        bool runs = true;       ///< no condition above is false
        bool network = false;   ///< a node above asks for it
    };
    /// A definition that is being expanded.
    struct Frame {
        std::string name;
        Span uses;
        const Library::Definition* definition = nullptr;
    };

    /// True if the node runs.
    bool expand_node(recipe::PipelineNode& node, const Surroundings& around);
    bool expand_body(
        recipe::PipelineNode& node,
        const Surroundings& around,
        const Library::Definition* definition,
        Diagnostics& local
    );
    bool is_within_bounds(const recipe::PipelineNode& node);
    const Library::Definition* find_definition(
        const recipe::PipelineNode& node, Diagnostics& local
    );
    void substitute_fields(
        recipe::PipelineNode& node,
        bool built_in,
        const Library::Definition* definition,
        Diagnostics& local
    );
    void substitute_in(recipe::Text& text, Diagnostics& local);
    void settle_downloads(recipe::PipelineNode& node, Diagnostics& local);
    std::optional<Inputs> settle_inputs(
        recipe::PipelineNode& node, const Library::Definition* definition, Diagnostics& local
    );
    /// False if the node has nothing to run.
    bool add_step(const recipe::PipelineNode& node, const Environment& environment, Inputs inputs);
    /// The step of a node that only makes its directory; before the steps from `first` on.
    void add_directory_step(
        const recipe::PipelineNode& node, const Environment& environment, std::size_t first
    );
    void expand_children(recipe::PipelineNode& node, const Surroundings& below);
    Step make_step(const recipe::PipelineNode& node, const Environment& environment) const;
    std::vector<Span> origin(Span innermost) const;
    /// Hands the diagnostics of a node on, with the chain of `uses` that led to their places.
    void report(Diagnostics& local);

    Library& library_;
    VariableStack& variables_;
    Diagnostics& diagnostics_;
    std::string package_;
    Result result_;
    std::vector<Frame> frames_;
    std::set<std::shared_ptr<const SourceFile>> files_;
    std::set<std::string, std::less<>> wrong_definitions_;  ///< reported already
    std::size_t depth_ = 0;
    std::size_t nodes_ = 0;
    std::size_t text_bytes_ = 0;
    bool stopped_ = false;
};

}  // namespace quern::pipeline
