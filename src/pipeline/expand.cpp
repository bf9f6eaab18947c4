// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// One walk does it all, parents before children: look up the definition and lay it over the node,
// resolve inputs, substitute, evaluate the condition, then emit the node's own step, its children,
// and what its assertion says. Variables are set on one stack and taken back when a node is done.
#include "pipeline/expand.hpp"

#include "pipeline/inputs.hpp"
#include "pipeline/settle.hpp"
#include "recipe/variables.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::pipeline {

namespace {

using recipe::PipelineNode;
using recipe::Text;

constexpr std::string_view workspace = "/home/build";
constexpr std::size_t max_depth = 100;
/// Definitions that use definitions multiply; no real recipe comes near.
constexpr std::size_t max_nodes = 50000;
/// Charged for each step, which takes memory without a script too.
constexpr std::size_t bytes_of_node = 96;
constexpr std::size_t max_text_bytes = 9 * 1024 * 1024;  // `compile` then takes 64 MiB at most

bool is_given(const Text& text) {
    return text.where.file != nullptr || !text.is_empty();
}

void lay_over(Text& text, const Text& definition) {
    if (is_given(definition)) {
        text = definition;
    }
}

/// What a definition says wins over what the node says; the node's name stays.
void lay_over(PipelineNode& node, const PipelineNode& definition) {
    lay_over(node.uses, definition.uses);
    lay_over(node.runs, definition.runs);
    lay_over(node.label, definition.label);
    lay_over(node.condition, definition.condition);
    lay_over(node.working_directory, definition.working_directory);
    if (definition.required_steps) {
        node.required_steps = definition.required_steps;
    }
    if (definition.network) {
        node.network = definition.network;
    }
    if (definition.downloads) {
        node.downloads = definition.downloads;
    }
    if (!definition.needs_packages.empty()) {
        node.needs_packages = definition.needs_packages;
    }
    if (!definition.pipeline.empty()) {
        node.pipeline = definition.pipeline;
    }
    for (const auto& [name, input] : definition.inputs) {
        node.inputs.insert_or_assign(name, input);
    }
    for (const auto& [name, text] : definition.environment) {
        node.environment.insert_or_assign(name, text);
    }
}

std::string guest_path(std::string_view directory) {
    if (directory.starts_with('/')) {
        return std::string(directory);
    }
    std::string path =
        (std::filesystem::path(workspace) / directory).lexically_normal().generic_string();
    if (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    return path;
}

/// Relative to the workspace; nothing for what lies outside of it.
std::optional<std::string> below_workspace(std::string_view directory, std::string_view path) {
    const std::string text =
        (std::filesystem::path(guest_path(directory)) / path).lexically_normal().generic_string();
    const std::string prefix = std::string(workspace) + "/";
    if (!text.starts_with(prefix) || !is_confined_path(text.substr(prefix.size()))) {
        return std::nullopt;
    }
    return text.substr(prefix.size());
}

/// What is wrong was reported, and nothing runs then.
std::optional<Step::Downloads> place_downloads(const PipelineNode& node) {
    if (!node.downloads) {
        return std::nullopt;
    }
    Step::Downloads placed;
    placed.into = below_workspace({}, node.downloads->into.value).value_or("");
    for (const Text& lock : node.downloads->locks) {
        auto place = below_workspace(node.working_directory.value, lock.value);
        placed.may_be_kept = placed.may_be_kept && place.has_value();
        placed.locks.push_back(std::move(place).value_or(""));
    }
    placed.of_environment = node.downloads->of_environment;
    return placed;
}

/// Only what differs from the definition's defaults is kept.
void reduce_with(
    PipelineNode& node, const std::map<std::string, std::string, std::less<>>& values
) {
    recipe::TextMap reduced;
    for (const auto& [name, value] : values) {
        const auto declared = node.inputs.find(name);
        const auto given = node.with.find(name);
        const bool has_default = declared != node.inputs.end() && declared->second.default_value;
        if (value != (has_default ? declared->second.default_value->value : std::string())) {
            reduced.emplace(
                name, Text{value, given != node.with.end() ? given->second.where : node.uses.where}
            );
        }
    }
    node.with = std::move(reduced);
}

}  // namespace

Expander::Result Expander::expand(const std::string& package, std::vector<PipelineNode>& pipeline) {
    package_ = package;
    result_ = {};
    for (PipelineNode& node : pipeline) {
        expand_node(node, {});
        node.needs_packages.clear();
    }
    return std::move(result_);
}

bool Expander::is_within_bounds(const PipelineNode& node) {
    if (stopped_) {
        return false;
    }
    text_bytes_ += bytes_of_node;
    std::string problem;
    if (depth_ >= max_depth) {
        problem = fmt::format("pipelines are nested over {} deep", max_depth);
    } else if (++nodes_ > max_nodes) {
        problem = fmt::format("the recipe has over {} steps", max_nodes);
    } else if (text_bytes_ > max_text_bytes) {
        problem = "the steps of the recipe and their scripts are over 9 MiB";
    }
    if (problem.empty()) {
        return true;
    }
    stopped_ = true;
    Diagnostics local;
    local.error("pipeline-limit", problem, node.where);
    report(local);
    return false;
}

bool Expander::expand_node(PipelineNode& node, const Surroundings& around) {
    if (!is_within_bounds(node)) {
        return false;
    }
    Diagnostics local;
    const Library::Definition* definition = nullptr;
    const bool is_expanded = node.uses.is_empty() || !node.pipeline.empty();
    if (!is_expanded) {
        definition = find_definition(node, local);
        if (definition == nullptr) {
            report(local);
            return false;
        }
        frames_.push_back({node.uses.value, node.uses.where, definition});
        lay_over(node, definition->node);
    }
    const VariableStack::Level level(variables_);
    ++depth_;
    const bool runs = expand_body(node, around, definition, local);
    --depth_;
    if (definition != nullptr) {
        frames_.pop_back();
    }
    return runs;
}

const Library::Definition* Expander::find_definition(const PipelineNode& node, Diagnostics& local) {
    const std::string& name = node.uses.value;
    if (wrong_definitions_.contains(name)) {
        return nullptr;
    }
    Diagnostics found;
    const Library::Definition* definition = library_.find(name, node.uses.where, found);
    for (Diagnostic& problem : found.take()) {
        if (problem.where.file != node.uses.where.file) {
            wrong_definitions_.insert(name);
        }
        local.add(std::move(problem));
    }
    if (definition == nullptr) {
        return nullptr;
    }
    const bool is_circle = std::any_of(frames_.begin(), frames_.end(), [&](const Frame& frame) {
        return frame.definition == definition;
    });
    if (is_circle) {
        local.error(
            "pipeline-cycle",
            fmt::format("pipeline '{}' uses itself", printable(name)),
            node.uses.where,
            "a definition cannot be part of its own expansion"
        );
        return nullptr;
    }
    files_.insert(definition->file);
    return definition;
}

bool Expander::expand_body(
    PipelineNode& node,
    const Surroundings& around,
    const Library::Definition* definition,
    Diagnostics& local
) {
    auto inputs = settle_inputs(node, definition, local);
    if (!inputs) {
        report(local);
        return false;
    }
    const bool makes_directory = !node.working_directory.is_empty();
    if (!makes_directory) {
        node.working_directory = around.working_directory;
    }
    if (!node.network && around.network) {
        node.network = true;
    }
    substitute_fields(node, around.built_in, definition, local);
    settle_downloads(node, local);
    const bool holds = settle_condition(node.condition, variables_.all(), local).value_or(false);
    report(local);

    Surroundings below{
        node.working_directory,
        around.environment,
        definition != nullptr ? definition->built_in : around.built_in,
        around.runs && holds,
        node.network.value_or(false)};
    for (const auto& [name, text] : node.environment) {
        below.environment.insert_or_assign(name, text.value);
    }
    const std::size_t first = result_.steps.size();
    bool has_step = false;
    if (below.runs) {
        auto& needs = result_.needs;
        needs.insert(needs.end(), node.needs_packages.begin(), node.needs_packages.end());
        has_step = add_step(node, below.environment, std::move(*inputs));
    }
    expand_children(node, below);
    if (below.runs && makes_directory && !has_step) {
        add_directory_step(node, below.environment, first);
    }
    return below.runs;
}

std::optional<Expander::Inputs> Expander::settle_inputs(
    PipelineNode& node, const Library::Definition* definition, Diagnostics& local
) {
    if (definition != nullptr) {
        const Frame& frame = frames_.back();
        auto inputs =
            resolve_inputs({frame.name, frame.uses, node.with, node.inputs}, variables_, local);
        if (inputs) {
            reduce_with(node, *inputs);
        }
        node.inputs.clear();
        return inputs;
    }
    // Expanded before, or no `uses` at all: what is given is what there is.
    InputMap given;
    for (const auto& [name, text] : node.with) {
        given.emplace(name, recipe::Input{});
    }
    node.inputs.clear();
    return resolve_inputs({node.uses.value, node.uses.where, node.with, given}, variables_, local);
}

void Expander::add_directory_step(
    const PipelineNode& node, const Environment& environment, std::size_t first
) {
    Step step = make_step(node, environment);
    auto& steps = result_.steps;
    // Every step makes its directory, so the next one may do it in passing.
    if (first == steps.size() || steps[first].working_directory != step.working_directory) {
        steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(first), std::move(step));
    }
}

void Expander::substitute_in(Text& text, Diagnostics& local) {
    if (auto value = recipe::substitute(text, variables_.all(), local); value) {
        text.value = std::move(*value);
    }
    text_bytes_ += text.value.size();
}

void Expander::substitute_fields(
    PipelineNode& node, bool built_in, const Library::Definition* definition, Diagnostics& local
) {
    for (Text& package : node.needs_packages) {
        substitute_in(package, local);
    }
    substitute_in(node.working_directory, local);
    substitute_in(node.runs, local);
    const bool is_built_in = definition != nullptr && definition->built_in;
    for (auto& [name, text] : node.environment) {
        if (built_in || (is_built_in && definition->node.environment.contains(name))) {
            substitute_in(text, local);
        }
    }
}

void Expander::settle_downloads(PipelineNode& node, Diagnostics& local) {
    if (!node.downloads) {
        return;
    }
    const auto settle = [&](Text& path, std::string_view directory, bool may_lead_out) {
        substitute_in(path, local);
        if (!may_lead_out && !below_workspace(directory, path.value)) {
            local.error(
                "bad-downloads",
                fmt::format("'{}' is no place below the workspace", printable(path.value)),
                path.where.file != nullptr ? path.where : node.downloads->where,
                "'into' is a directory of its own below /home/build, 'locks' are files there"
            );
        }
    };
    settle(node.downloads->into, {}, false);
    for (Text& lock : node.downloads->locks) {
        // An input of the recipe's may name any place: then nothing is kept (place_downloads).
        const bool is_made = lock.value.find("${{") != std::string::npos;
        settle(lock, node.working_directory.value, is_made);
    }
    if (trim(node.runs.value).empty()) {
        local.error(
            "bad-downloads",
            "there is no script that downloads",
            node.downloads->where,
            "add 'runs'"
        );
    }
}

void Expander::expand_children(PipelineNode& node, const Surroundings& below) {
    int run = 0;
    for (PipelineNode& child : node.pipeline) {
        run += expand_node(child, below) ? 1 : 0;
    }
    if (!below.runs || !node.required_steps || *node.required_steps == run) {
        return;
    }
    Step step = make_step(node, below.environment);
    step.script.clear();
    step.origin = origin(node.where);
    step.failed_assertion = fmt::format(
        "pipeline did not run the required {} steps, only {}", *node.required_steps, run
    );
    result_.steps.push_back(std::move(step));
}

Step Expander::make_step(const PipelineNode& node, const Environment& environment) const {
    Step step;
    if (!node.name.is_empty()) {
        step.name = node.name.value;
    } else if (!node.uses.is_empty()) {
        step.name = node.uses.value;
    } else if (!frames_.empty()) {
        step.name = frames_.back().name;
    } else {
        step.name = fmt::format("step {}", result_.steps.size() + 1);
    }
    step.uses = frames_.empty() ? std::string() : frames_.back().name;
    step.package = package_;
    step.working_directory = guest_path(node.working_directory.value);
    step.environment.assign(environment.begin(), environment.end());
    step.network = node.network.value_or(false);
    step.origin = origin(node.runs.where.file != nullptr ? node.runs.where : node.where);
    return step;
}

bool Expander::add_step(const PipelineNode& node, const Environment& environment, Inputs inputs) {
    const std::string native =
        frames_.empty() || node.uses.is_empty() ? std::string() : frames_.back().definition->native;
    if (native.empty() && trim(node.runs.value).empty()) {
        return false;
    }
    Step step = make_step(node, environment);
    if (native.empty()) {
        step.script = node.runs.value;
        step.downloads = place_downloads(node);
    } else {
        step.native = native;
        step.inputs = std::move(inputs);
        step.origin = origin({});
    }
    result_.steps.push_back(std::move(step));
    return true;
}

std::vector<Span> Expander::origin(Span innermost) const {
    std::vector<Span> spans;
    if (innermost.file != nullptr) {
        spans.push_back(innermost);
    }
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
        spans.push_back(frame->uses);
    }
    return spans;
}

void Expander::report(Diagnostics& local) {
    for (Diagnostic& diagnostic : local.take()) {
        const Span last =
            diagnostic.notes.empty() ? diagnostic.where : diagnostic.notes.back().where;
        auto frame = std::find_if(frames_.rbegin(), frames_.rend(), [&](const Frame& candidate) {
            return candidate.definition->file.get() == last.file;
        });
        for (; frame != frames_.rend(); ++frame) {
            diagnostic.notes.push_back(
                {fmt::format("pipeline '{}' is used here", printable(frame->name)), frame->uses}
            );
        }
        diagnostics_.add(std::move(diagnostic));
    }
}

}  // namespace quern::pipeline
