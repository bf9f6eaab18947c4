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
    field<&Input::description>("description"),
    field<&Input::default_value>("default"),
    field<&Input::required>("required", Shape::boolean),
};
constexpr Table<Input> input_table{"an input", input_fields};

void read_inputs(const Node& node, PipelineNode& step, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& value) {
        Input& input = step.inputs[key.text()];
        yaml::read_fields(value, input, input_table, reader);
    });
}

constexpr std::array needs_fields = {field<&PipelineNode::needs_packages>("packages", Shape::list)};
constexpr Table<PipelineNode> needs_table{"needs", needs_fields};

void read_needs(const Node& node, PipelineNode& step, Reader& reader) {
    yaml::read_fields(node, step, needs_table, reader);
}

constexpr std::array assertions_fields = {
    field<&PipelineNode::required_steps>("required-steps", Shape::integer)};
constexpr Table<PipelineNode> assertions_table{"assertions", assertions_fields};

/// An empty `assertions` asserts that no step ran.
void read_assertions(const Node& node, PipelineNode& step, Reader& reader) {
    if (!node.is_null()) {
        step.required_steps = 0;
    }
    yaml::read_fields(node, step, assertions_table, reader);
}

constexpr std::array step_fields = {
    field<&PipelineNode::name>("name"),
    field<&PipelineNode::uses>("uses"),
    field<&PipelineNode::with>("with", Shape::map),
    field<&PipelineNode::runs>("runs"),
    field<&PipelineNode::pipeline>("pipeline", Shape::list),
    Field<PipelineNode>{"inputs", read_inputs, Shape::map},
    Field<PipelineNode>{"needs", read_needs, Shape::object},
    field<&PipelineNode::label>("label"),
    field<&PipelineNode::condition>("if"),
    Field<PipelineNode>{"assertions", read_assertions, Shape::object},
    field<&PipelineNode::working_directory>("working-directory"),
    field<&PipelineNode::environment>("environment", Shape::map),
    field<&PipelineNode::network>("network", Shape::boolean),
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

void add_pipeline_keys(std::vector<KnownKeys>& known) {
    known.push_back(keys_of("a step", step_table));
    known.push_back(keys_of("needs of a step", needs_table));
    known.push_back(keys_of("assertions of a step", assertions_table));
    known.push_back(keys_of("an input of a pipeline definition", input_table));
}

}  // namespace quern::recipe
