// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode_values.hpp"

#include <array>

namespace quern::recipe {

namespace {

using yaml::field;
using yaml::Field;
using yaml::Node;
using yaml::Reader;
using yaml::Shape;
using yaml::Table;

constexpr std::array input_fields = {
    field<&Input::description>("description", "what the input means"),
    field<&Input::default_value>("default", "value where none is given"),
    field<&Input::required>("required", "whether a value must be given"),
};
constexpr Table<Input> input_table{"an input", input_fields};

void read_inputs(const Node& node, PipelineNode& step, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& value) {
        Input& input = step.inputs[key.text()];
        yaml::read_fields(value, input, input_table, reader);
    });
}

yaml::Form inputs_form() {
    return {Shape::map, yaml::object_form<input_table>};
}

constexpr std::array needs_fields = {field<&PipelineNode::needs_packages>(
    "packages", "packages that the step needs in the build environment"
)};
constexpr Table<PipelineNode> needs_table{"needs", needs_fields};

void read_needs(const Node& node, PipelineNode& step, Reader& reader) {
    yaml::read_fields(node, step, needs_table, reader);
}

constexpr std::array assertions_fields = {field<&PipelineNode::required_steps>(
    "required-steps", "number of steps directly below that must run"
)};
constexpr Table<PipelineNode> assertions_table{"assertions", assertions_fields};

/// An empty `assertions` asserts that no step ran.
void read_assertions(const Node& node, PipelineNode& step, Reader& reader) {
    if (!node.is_null()) {
        step.required_steps = 0;
    }
    yaml::read_fields(node, step, assertions_table, reader);
}

constexpr std::array downloads_fields = {
    yaml::required(
        field<&Downloads::into>("into", "directory below the workspace that the script fills")
    ),
    field<&Downloads::locks>("locks", "files that decide what is downloaded"),
    field<&Downloads::of_environment>(
        "of-environment", "whether the packages of the build environment decide it too"
    ),
};
constexpr Table<Downloads> downloads_table{"downloads", downloads_fields};

void read_downloads(const Node& node, PipelineNode& step, Reader& reader) {
    Downloads& downloads = step.downloads.emplace();
    downloads.where = node.where();
    yaml::read_fields(node, downloads, downloads_table, reader);
}

constexpr std::array step_fields = {
    field<&PipelineNode::name>("name", "name of the step in logs"),
    field<&PipelineNode::uses>("uses", "name of a pipeline definition"),
    field<&PipelineNode::with>("with", "inputs of the definition"),
    field<&PipelineNode::runs>("runs", "shell script"),
    field<&PipelineNode::pipeline>("pipeline", "steps that run behind this one"),
    Field<PipelineNode>{
        "inputs", read_inputs, Shape::map, "parameters that a definition declares", inputs_form},
    Field<PipelineNode>{
        "needs", read_needs, Shape::object, "what the step needs", yaml::object_form<needs_table>},
    field<&PipelineNode::label>("label", "a name for other programs"),
    field<&PipelineNode::condition>(
        "if", "condition: ${{build.arch}} == 'x86_64'; && and || have the same rank"
    ),
    Field<PipelineNode>{
        "assertions",
        read_assertions,
        Shape::object,
        "what must hold when the steps below are done",
        yaml::object_form<assertions_table>},
    field<&PipelineNode::working_directory>(
        "working-directory", "directory of the script, relative to the workspace"
    ),
    field<&PipelineNode::environment>(
        "environment", "environment variables of this step and of those below"
    ),
    field<&PipelineNode::network>(
        "network", "whether the step, and those below, have the host's network (quern only)"
    ),
    Field<PipelineNode>{
        "downloads",
        read_downloads,
        Shape::object,
        "what the script gets from the network, kept for the next build (quern only)",
        yaml::object_form<downloads_table>},
};
constexpr Table<PipelineNode> step_table{"a step", step_fields};

}  // namespace

bool read_value(const Node& node, PipelineNode& value, Reader& reader) {
    value.where = node.where();
    if (node.is_scalar() && yaml::count_object(node, reader)) {
        reader.diagnostics.error(
            "wrong-type",
            "expected a step, got a text",
            node.where(),
            "write 'runs: ...' for a script"
        );
        return false;
    }
    return yaml::read_fields(node, value, step_table, reader);
}

const Table<PipelineNode>& table_of(const PipelineNode* /*of*/) {
    return step_table;
}

}  // namespace quern::recipe
