// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

using quern::Diagnostic;
using quern::Diagnostics;
namespace recipe = quern::recipe;
namespace pipeline = quern::pipeline;

std::string Outcome::messages() const {
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics) {
        all += quern::render(diagnostic, {});
    }
    return all;
}

bool Outcome::has(std::string_view id) const {
    for (const Diagnostic& diagnostic : diagnostics) {
        if (diagnostic.id == id) {
            return true;
        }
    }
    return false;
}

const std::vector<pipeline::Step>& Outcome::steps(std::size_t package) const {
    INFO(messages());
    REQUIRE(compiled);
    REQUIRE(package < compiled->plan.packages.size());
    return compiled->plan.packages[package].steps;
}

std::vector<std::string> Outcome::scripts(std::size_t package) const {
    std::vector<std::string> all;
    for (const pipeline::Step& step : steps(package)) {
        all.push_back(step.script);
        if (all.back().ends_with('\n')) {
            all.back().pop_back();
        }
    }
    return all;
}

std::vector<std::string> Outcome::packages() const {
    INFO(messages());
    REQUIRE(compiled);
    std::vector<std::string> all;
    for (const recipe::Text& package : compiled->configuration.environment.packages) {
        all.push_back(package.value);
    }
    return all;
}

Outcome compile_text(
    const std::string& recipe_text,
    const std::map<std::string, std::string>& definitions,
    const std::string& architecture
) {
    recipe::LoadOptions options;
    options.architecture = architecture;
    return compile_text(recipe_text, definitions, options);
}

Outcome compile_text(
    const std::string& recipe_text,
    const std::map<std::string, std::string>& definitions,
    const recipe::LoadOptions& options
) {
    Outcome outcome;
    outcome.reader = std::make_unique<MemoryFileReader>();
    outcome.reader->add("recipe.yaml", recipe_text);
    for (const auto& [name, text] : definitions) {
        outcome.reader->add("pipelines/" + name + ".yaml", text);
    }
    outcome.library = std::make_unique<pipeline::Library>(
        std::vector<std::filesystem::path>{"pipelines"}, *outcome.reader
    );
    outcome.collector = std::make_unique<Diagnostics>();
    Diagnostics& diagnostics = *outcome.collector;
    outcome.loaded = recipe::load("recipe.yaml", *outcome.reader, options, diagnostics);
    if (outcome.loaded) {
        outcome.compiled =
            pipeline::compile(*outcome.loaded, *outcome.library, options, diagnostics);
    }
    outcome.diagnostics = diagnostics.take();
    return outcome;
}

Outcome compile_demo(
    std::string_view rest,
    const std::map<std::string, std::string>& definitions,
    const std::string& architecture
) {
    const std::string head = "package: {name: demo, version: 1.2.3, epoch: 4}\n";
    return compile_text(head + std::string(rest) + "\n", definitions, architecture);
}
