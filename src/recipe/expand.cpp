// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// From the recipe as written to the one for a build. All that multiplies (ranges, values of
// variables, environments handed down) draws on one budget of bytes, so that a small file cannot
// become a large configuration.
#include "recipe/expand.hpp"

#include "recipe/ranges.hpp"
#include "recipe/replacer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace {

constexpr std::size_t max_steps = 20'000;

/// Takes `name` out of the list; its place goes to the last. Source: recipe-and-build 2.6.
void remove_by_swap(std::vector<Text>& list, const Text& name) {
    for (std::size_t i = 0; i < list.size();) {
        if (list[i] == name) {
            std::swap(list[i], list.back());
            list.pop_back();
        } else {
            ++i;
        }
    }
}

void apply_option_packages(Recipe& recipe, const LoadOptions& options, const Replacer& replacer) {
    for (const std::string& name : options.build_options) {
        const auto option = recipe.options.find(name);
        if (option == recipe.options.end()) {
            continue;
        }
        auto [add, remove] = std::pair(option->second.add_packages, option->second.remove_packages);
        replacer.replace_all(add, remove);
        std::vector<Text>& packages = recipe.environment.packages;
        packages.insert(packages.end(), add.begin(), add.end());
        for (const Text& gone : remove) {
            remove_by_swap(packages, gone);
        }
    }
}

std::string help_for_lists(std::string_view name) {
    for (const std::string_view late :
         {"build.", "targets.", "host.", "cross.", "options.", "subpkg.", "context.", "inputs."}) {
        if (name.starts_with(late)) {
            return "lists of packages are fixed while loading, where only package.* and vars.* are "
                   "known";
        }
    }
    return name.starts_with("range.")
               ? "inside of a ranged subpackage, write ${{range.key}} without spaces"
               : std::string();
}

/// Resolves the texts in which everything must be known after loading.
class StrictPass {
 public:
    StrictPass(const Variables& variables, Diagnostics& diagnostics)
        : variables_(variables), diagnostics_(diagnostics) {}

    void resolve(Text& text) const {
        if (text.value.find("${{") == std::string::npos) {
            return;
        }
        if (auto value = substitute(text, variables_, help_for_lists, diagnostics_)) {
            text.value = std::move(*value);
        }
    }

    void resolve(std::vector<Text>& list) const {
        for (Text& text : list) {
            resolve(text);
        }
    }

    void resolve(Dependencies& dependencies) const {
        resolve(dependencies.provides);
        resolve(dependencies.runtime);
        resolve(dependencies.replaces);
        resolve(dependencies.provider_priority);
        resolve(dependencies.replaces_priority);
    }

    void resolve(Recipe& recipe) const {
        resolve(recipe.package.dependencies);
        resolve(recipe.environment.packages);
        if (recipe.test) {
            resolve(recipe.test->environment.packages);
        }
        for (Subpackage& subpackage : recipe.subpackages) {
            resolve(subpackage.dependencies);
            if (subpackage.test) {
                resolve(subpackage.test->environment.packages);
            }
        }
    }

 private:
    const Variables& variables_;
    Diagnostics& diagnostics_;
};

void hand_down(std::vector<PipelineNode>& children, const PipelineNode& parent, Budget& budget) {
    const std::size_t size = children.empty() ? 0 : size_of(parent.environment);
    for (PipelineNode& child : children) {
        if (child.working_directory.is_empty()) {
            child.working_directory = parent.working_directory;
        }
        if (size != 0 && budget.spend(size, child.where)) {
            child.environment.insert(parent.environment.begin(), parent.environment.end());
        }
        hand_down(child.pipeline, child, budget);
    }
}

void hand_down(std::vector<PipelineNode>& pipeline, Budget& budget) {
    for (PipelineNode& node : pipeline) {
        hand_down(node.pipeline, node, budget);
    }
}

std::size_t count_steps(const std::vector<PipelineNode>& nodes) {
    std::size_t count = nodes.size();
    for (const PipelineNode& node : nodes) {
        count += count_steps(node.pipeline);
    }
    return count;
}

bool check_size(const Recipe& recipe, Diagnostics& diagnostics) {
    std::size_t steps =
        count_steps(recipe.pipeline) + (recipe.test ? count_steps(recipe.test->pipeline) : 0);
    for (const Subpackage& subpackage : recipe.subpackages) {
        steps += count_steps(subpackage.pipeline) +
                 (subpackage.test ? count_steps(subpackage.test->pipeline) : 0);
    }
    if (steps <= max_steps) {
        return true;
    }
    diagnostics.error(
        "recipe-limit",
        fmt::format("{} steps, and 20,000 are the most", steps),
        {recipe.files.front().get(), 0, 0}
    );
    return false;
}

}  // namespace

void expand(Recipe& recipe, const LoadOptions& options, Diagnostics& diagnostics) {
    Variables variables = parse_variables(recipe, diagnostics);
    Budget budget(diagnostics);
    const Replacer replacer(variables, budget);
    replacer.replace(recipe.package);
    replacer.replace(recipe.pipeline);
    expand_subpackages(recipe, variables, budget, diagnostics);
    replacer.replace(recipe.environment);
    if (recipe.test) {
        replacer.replace(*recipe.test);
    }
    if (recipe.update) {
        replacer.replace(*recipe.update);
    }
    apply_option_packages(recipe, options, replacer);
    StrictPass(variables, diagnostics).resolve(recipe);
    recipe.data.clear();
    if (!check_size(recipe, diagnostics)) {
        return;
    }
    hand_down(recipe.pipeline, budget);
    for (Subpackage& subpackage : recipe.subpackages) {
        hand_down(subpackage.pipeline, budget);
    }
}

}  // namespace quern::recipe
