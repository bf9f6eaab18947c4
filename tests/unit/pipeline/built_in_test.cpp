// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/built_in.hpp"

#include "quern/plan.hpp"
#include "recipe/variables.hpp"
#include "support/child_process.hpp"
#include "support/text.hpp"
#include "tests/support/memory_file_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using quern::Diagnostics;
using quern::pipeline::built_in_definitions;
using quern::pipeline::Library;
using quern::recipe::PipelineNode;

namespace {

const MemoryFileReader no_files;

void collect(const PipelineNode& node, std::vector<const PipelineNode*>& nodes) {
    nodes.push_back(&node);
    for (const PipelineNode& child : node.pipeline) {
        collect(child, nodes);
    }
}

void add_inputs(std::string_view text, std::set<std::string>& inputs) {
    for (const auto& reference : quern::recipe::find_references(text)) {
        if (reference.name.starts_with("inputs.")) {
            inputs.emplace(reference.name.substr(7));
        }
    }
}

std::set<std::string> used_inputs(const PipelineNode& definition) {
    std::vector<const PipelineNode*> nodes;
    collect(definition, nodes);
    std::set<std::string> inputs;
    for (const PipelineNode* node : nodes) {
        add_inputs(node->runs.value, inputs);
        add_inputs(node->condition.value, inputs);
        add_inputs(node->working_directory.value, inputs);
        for (const auto& package : node->needs_packages) {
            add_inputs(package.value, inputs);
        }
        for (const auto& [name, text] : node->with) {
            add_inputs(text.value, inputs);
        }
        for (const auto& [name, text] : node->environment) {
            add_inputs(text.value, inputs);
        }
    }
    return inputs;
}

/// A definition and all nodes below it.
std::vector<const PipelineNode*> nodes_of(Library& library, std::string_view name) {
    Diagnostics diagnostics;
    const auto* definition = library.find(name, {}, diagnostics);
    REQUIRE(definition != nullptr);
    std::vector<const PipelineNode*> nodes;
    collect(definition->node, nodes);
    return nodes;
}

/// The script with a word for each reference, as a shell must be able to read it.
std::string readable(const std::string& script) {
    std::string out;
    std::size_t done = 0;
    for (const auto& reference : quern::recipe::find_references(script)) {
        out.append(script, done, reference.begin - done).append("word");
        done = reference.begin + reference.length;
    }
    return out.append(script, done);
}

}  // namespace

TEST_CASE("built-in: the table is sorted and complete", "[pipeline][built_in]") {
    const auto all = built_in_definitions();
    CHECK(all.size() == 57);
    CHECK(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    }));
}

TEST_CASE("built-in: every definition decodes and documents its inputs", "[pipeline][built_in]") {
    Library library({}, no_files);
    for (const auto& built_in : built_in_definitions()) {
        CAPTURE(built_in.name);
        Diagnostics diagnostics;
        const auto* definition = library.find(built_in.name, {}, diagnostics);
        REQUIRE(definition != nullptr);
        CHECK(diagnostics.is_empty());
        CHECK(definition->node.name.value == built_in.name);
        std::set<std::string> declared;
        for (const auto& [name, input] : definition->node.inputs) {
            CAPTURE(name);
            CHECK(!input.description.empty());
            CHECK(!(input.required && input.default_value));
            declared.insert(name);
        }
        if (definition->native.empty()) {
            CHECK(used_inputs(definition->node) == declared);
        }
    }
}

TEST_CASE("built-in: a pasted input says why", "[pipeline][built_in]") {
    Library library({}, no_files);
    for (const auto& built_in : built_in_definitions()) {
        CAPTURE(built_in.name);
        std::set<std::string> pasted;
        for (const PipelineNode* node : nodes_of(library, built_in.name)) {
            add_inputs(node->runs.value, pasted);
        }
        std::size_t reasons = 0;
        for (const auto line : quern::split(built_in.text, '\n')) {
            reasons += line.starts_with("    pasted: ") ? 1U : 0U;
        }
        CHECK(pasted.size() == reasons);
    }
}

TEST_CASE("built-in: every script is one for bash and for busybox", "[pipeline][built_in]") {
    const auto shell =
        GENERATE(values<std::vector<std::string>>({{"bash", "-n"}, {"busybox", "ash", "-n"}}));
    CAPTURE(shell);
    Library library({}, no_files);
    for (const auto& built_in : built_in_definitions()) {
        CAPTURE(built_in.name);
        for (const PipelineNode* node : nodes_of(library, built_in.name)) {
            if (node->runs.is_empty()) {
                continue;
            }
            quern::ProcessOptions options;
            options.argv = shell;
            options.standard_input = readable(node->runs.value);
            const auto parsed = quern::run_captured(options, quern::CancelToken());
            if (!parsed && parsed.error().code() == quern::ErrorCode::not_found) {
                WARN(shell.front() << " is not installed");
                return;
            }
            REQUIRE(parsed);
            CAPTURE(parsed->output);
            CHECK(parsed->status.is_success());
        }
    }
}
