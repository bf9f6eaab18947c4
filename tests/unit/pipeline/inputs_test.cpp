// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs.hpp"

#include <catch2/catch.hpp>

using quern::Diagnostics;
using quern::pipeline::InputMap;
using quern::pipeline::resolve_inputs;
using quern::pipeline::VariableStack;
using quern::recipe::Text;
using quern::recipe::TextMap;
using quern::recipe::Variables;

namespace {

struct Resolved {
    std::map<std::string, std::string, std::less<>> values;
    std::vector<std::string> ids;
};

Resolved resolve(
    const std::map<std::string, std::string>& with,
    const InputMap& declared,
    VariableStack& variables
) {
    TextMap texts;
    for (const auto& [name, value] : with) {
        texts.emplace(name, Text{value, {}});
    }
    Diagnostics diagnostics;
    const auto values = resolve_inputs({"t", {}, texts, declared}, variables, diagnostics);
    Resolved result;
    for (const auto& diagnostic : diagnostics.take()) {
        result.ids.push_back(diagnostic.id);
    }
    if (values) {
        result.values = *values;
    }
    return result;
}

InputMap inputs(const std::vector<std::string>& names) {
    InputMap declared;
    for (const auto& name : names) {
        declared[name];
    }
    return declared;
}

}  // namespace

TEST_CASE("inputs: siblings resolve in any order of their names", "[pipeline][inputs]") {
    VariableStack variables(Variables{{"package.name", "demo"}});
    const auto found = resolve(
        {{"a", "<${{inputs.b}}>"}, {"b", "(${{inputs.c}})"}, {"c", "${{ package.name }}"}},
        inputs({"a", "b", "c"}),
        variables
    );
    CHECK(found.values.at("a") == "<(demo)>");
    CHECK(found.values.at("c") == "demo");
}

TEST_CASE("inputs: an input's own name means the inherited one", "[pipeline][inputs]") {
    VariableStack variables(Variables{{"inputs.a", "outer"}});
    const auto found =
        resolve({{"a", "${{inputs.a}}!"}, {"b", "${{inputs.a}}"}}, inputs({"a", "b"}), variables);
    CHECK(found.values.at("a") == "outer!");
    CHECK(found.values.at("b") == "outer!");
    CHECK(variables.all().at("inputs.a") == "outer!");
}

TEST_CASE("inputs: a circle and an unknown own name are errors", "[pipeline][inputs]") {
    VariableStack variables(Variables{});
    CHECK(
        resolve({{"a", "${{inputs.b}}"}, {"b", "${{inputs.a}}"}}, inputs({"a", "b"}), variables)
            .ids == std::vector<std::string>{"input-cycle"}
    );
    CHECK(
        resolve({{"a", "${{inputs.a}}"}}, inputs({"a"}), variables).ids ==
        std::vector<std::string>{"unknown-variable"}
    );
}

TEST_CASE("inputs: a long row of references ends in an error", "[pipeline][inputs]") {
    std::map<std::string, std::string> with;
    std::vector<std::string> names;
    for (int i = 0; i < 5000; ++i) {
        names.push_back("i" + std::to_string(i));
        with[names.back()] = "${{inputs.i" + std::to_string(i + 1) + "}}";
    }
    names.emplace_back("i5000");
    VariableStack variables(Variables{});
    CHECK(!resolve(with, inputs(names), variables).ids.empty());
}

TEST_CASE("inputs: levels take back what they set", "[pipeline][variable_stack]") {
    VariableStack variables(Variables{{"a", "1"}});
    {
        const VariableStack::Level outer(variables);
        variables.set("a", "2");
        variables.set("b", "2");
        {
            const VariableStack::Level inner(variables);
            variables.set("a", "3");
            variables.set("a", "4");
            CHECK(variables.all().at("a") == "4");
        }
        CHECK(variables.all().at("a") == "2");
    }
    CHECK(variables.all().at("a") == "1");
    CHECK(variables.all().size() == 1);
}
