// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/expand.hpp"
#include "pipeline/settle.hpp"
#include "quern/plan.hpp"
#include "recipe/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::pipeline {

namespace {

using recipe::Text;

constexpr std::string_view output_directory = "/home/build/melange-out/";

void append(std::vector<Text>& packages, std::vector<Text> more) {
    packages.insert(
        packages.end(), std::move_iterator(more.begin()), std::move_iterator(more.end())
    );
}

void sort_unique(std::vector<Text>& packages) {
    std::sort(packages.begin(), packages.end(), [](const Text& a, const Text& b) {
        return a.value < b.value;
    });
    packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
}

/// Variables whose own text holds variables are resolved once, as melange does in each step. What
/// cannot be is left: whoever uses it gets the text.
recipe::Variables settle_variables(recipe::Variables variables) {
    const recipe::Variables before = variables;
    for (auto& [name, value] : variables) {
        if (value.find("${{") == std::string::npos) {
            continue;
        }
        Diagnostics ignored;
        if (auto settled = recipe::substitute({value, {}}, before, ignored); settled) {
            value = std::move(*settled);
        }
    }
    return variables;
}

class Compilation {
 public:
    Compilation(Compiled& compiled, Library& library, recipe::Variables variables, Diagnostics& out)
        : compiled_(compiled),
          variables_(settle_variables(std::move(variables))),
          diagnostics_(out),
          expander_(library, variables_, out) {}

    void run() {
        recipe::Configuration& configuration = compiled_.configuration;
        const std::string& name = configuration.package.name.value;
        build(name, configuration.pipeline);
        if (configuration.test) {
            test(configuration.package.name, *configuration.test);
        }
        for (std::size_t i = 0; i < configuration.subpackages.size(); ++i) {
            subpackage(i);
        }
        remove_disabled();
        auto& files = configuration.files;
        files.insert(files.end(), expander_.files().begin(), expander_.files().end());
    }

 private:
    void build(const std::string& package, std::vector<recipe::PipelineNode>& pipeline) {
        auto result = expander_.expand(package, pipeline);
        append(compiled_.configuration.environment.packages, std::move(result.needs));
        compiled_.plan.packages.push_back({package, std::move(result.steps)});
    }

    void test(const Text& package, recipe::Test& test) {
        const bool has_steps = !test.pipeline.empty();
        auto result = expander_.expand(package.value, test.pipeline);
        auto& packages = test.environment.packages;
        packages.push_back(package);
        append(packages, std::move(result.needs));
        sort_unique(packages);
        if (has_steps) {
            compiled_.plan.tests.push_back({package.value, std::move(result.steps)});
        }
    }

    void subpackage(std::size_t index) {
        recipe::Subpackage& subpackage = compiled_.configuration.subpackages[index];
        const std::string& name = subpackage.name.value;
        const std::string directory = std::string(output_directory) + name;
        const VariableStack::Level level(variables_);
        variables_.set("targets.contextdir", directory);
        variables_.set("targets.subpkgdir", directory);
        variables_.set("subpkg.name", name);
        variables_.set("context.name", name);

        const auto holds = settle_condition(subpackage.condition, variables_.all(), diagnostics_);
        build(name, subpackage.pipeline);
        const std::size_t tests = compiled_.plan.tests.size();
        if (subpackage.test) {
            test(subpackage.name, *subpackage.test);
        }
        if (!holds.value_or(true)) {
            // Its needs stay in the environment, as in melange.
            compiled_.plan.packages.pop_back();
            compiled_.plan.tests.resize(tests);
            disabled_.push_back(index);
        }
    }

    void remove_disabled() {
        auto& subpackages = compiled_.configuration.subpackages;
        for (const std::size_t index : disabled_) {
            compiled_.disabled.push_back({index, std::move(subpackages[index])});
        }
        std::size_t kept = 0;
        for (std::size_t i = 0, gone = 0; i < subpackages.size(); ++i) {
            if (gone < disabled_.size() && disabled_[gone] == i) {
                ++gone;
                continue;
            }
            if (kept != i) {
                subpackages[kept] = std::move(subpackages[i]);
            }
            ++kept;
        }
        subpackages.resize(kept);
    }

    Compiled& compiled_;
    VariableStack variables_;
    Diagnostics& diagnostics_;
    Expander expander_;
    std::vector<std::size_t> disabled_;
};

}  // namespace

std::optional<Compiled> compile(
    const recipe::Configuration& configuration,
    Library& library,
    const recipe::LoadOptions& options,
    Diagnostics& diagnostics
) {
    const std::size_t errors = diagnostics.error_count();
    recipe::Variables variables = recipe::compile_variables(configuration, options, diagnostics);
    Compiled compiled;
    compiled.configuration = configuration;
    Compilation(compiled, library, std::move(variables), diagnostics).run();
    if (diagnostics.error_count() != errors) {
        return std::nullopt;
    }
    return compiled;
}

recipe::Configuration with_disabled(Compiled compiled) {
    recipe::Configuration configuration = std::move(compiled.configuration);
    auto& subpackages = configuration.subpackages;
    for (Compiled::Disabled& disabled : compiled.disabled) {
        // In rising order, so that each index is that of the recipe.
        subpackages.insert(
            subpackages.begin() + static_cast<std::ptrdiff_t>(disabled.index),
            std::move(disabled.subpackage)
        );
    }
    return configuration;
}

}  // namespace quern::pipeline
