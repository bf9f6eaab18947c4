// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// From the recipe as written to the one for a build. All that multiplies (ranges, values of
// variables, environments handed down) draws on one budget of bytes, so that a small file cannot
// become a large configuration.
#include "recipe/expand.hpp"

#include "recipe/decode_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace {

constexpr std::size_t max_total = 64 * 1024 * 1024;
constexpr std::size_t max_steps = 20'000;
constexpr std::size_t max_subpackages = 10'000;

/// What the expansion may still add.
class Budget {
 public:
    explicit Budget(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    /// False, after one diagnostic, when more than all was spent.
    bool spend(std::size_t bytes, Span where) {
        spent_ = bytes > max_total - spent_ ? max_total : spent_ + bytes;
        if (spent_ == max_total && !reported_) {
            reported_ = true;
            diagnostics_.error(
                "recipe-limit",
                "the recipe grows over 64 MiB by variables, ranges and environments",
                where
            );
        }
        return spent_ < max_total;
    }

 private:
    Diagnostics& diagnostics_;
    std::size_t spent_ = 0;
    bool reported_ = false;
};

/// The replacement of the parse time, for every kind of thing that takes part in it.
class Replacer {
 public:
    Replacer(const Variables& variables, Budget& budget) : variables_(variables), budget_(budget) {}

    void replace(Text& text) const {
        if (text.value.find("${{") != std::string::npos) {
            set(text, replace_exactly(text.value, variables_));
        }
    }

    void replace_condition(Text& text) const {
        if (text.value.find("${{") != std::string::npos) {
            set(text, replace_in_condition(text.value, variables_));
        }
    }

    void replace(TextMap& map) const {
        for (auto& [key, value] : map) {
            replace(value);
        }
    }

    template <typename T>
    void replace(std::vector<T>& list) const {
        for (T& item : list) {
            replace(item);
        }
    }

    template <typename... Texts>
    void replace_all(Texts&... texts) const {
        (replace(texts), ...);
    }

    void replace(Dependencies& dependencies) const {
        replace_all(
            dependencies.runtime,
            dependencies.provides,
            dependencies.replaces,
            dependencies.provider_priority,
            dependencies.replaces_priority
        );
    }

    void replace(Scriptlets& scriptlets) const {
        replace_all(
            scriptlets.pre_install,
            scriptlets.post_install,
            scriptlets.pre_deinstall,
            scriptlets.post_deinstall
        );
        replace_all(
            scriptlets.pre_upgrade,
            scriptlets.post_upgrade,
            scriptlets.trigger.script,
            scriptlets.trigger.paths
        );
    }

    void replace(Copyright& copyright) const {
        replace_all(copyright.license, copyright.paths, copyright.license_path);
    }

    void replace(Package& package) const {
        replace_all(
            package.name, package.version, package.description, package.annotations, package.url
        );
        replace_all(
            package.target_architectures,
            package.copyright,
            package.dependencies,
            package.scriptlets
        );
    }

    /// Neither `uses` nor inputs, labels and assertions.
    void replace(PipelineNode& node) const {
        replace_all(
            node.name,
            node.with,
            node.runs,
            node.needs_packages,
            node.working_directory,
            node.environment
        );
        replace_condition(node.condition);
        replace(node.pipeline);
    }

    void replace(Environment& environment) const {
        replace_all(
            environment.repositories,
            environment.build_repositories,
            environment.keyring,
            environment.packages
        );
        replace_all(
            environment.entrypoint_type,
            environment.entrypoint_command,
            environment.entrypoint_shell_fragment
        );
        replace_all(
            environment.entrypoint_services,
            environment.cmd,
            environment.stop_signal,
            environment.work_dir
        );
        replace_all(
            environment.environment,
            environment.vcs_url,
            environment.annotations,
            environment.volumes
        );
    }

    void replace(Test& test) const { replace_all(test.environment, test.pipeline); }

    /// Neither options, commit and checks, nor `range`.
    void replace(Subpackage& subpackage) const {
        replace_condition(subpackage.condition);
        replace_all(
            subpackage.name, subpackage.pipeline, subpackage.dependencies, subpackage.scriptlets
        );
        replace_all(subpackage.description, subpackage.annotations, subpackage.url);
        if (subpackage.test) {
            replace(*subpackage.test);
        }
    }

    void replace(UpdateValue& value, const std::string& path = {}) const {
        for (UpdateValue& item : value.list) {
            replace(item, path);
        }
        for (auto& [key, entry] : value.map) {
            replace(entry, path.empty() ? key : fmt::format("{}.{}", path, key));
        }
        if (value.kind == UpdateValue::Kind::scalar && is_replaced_in_update(path)) {
            replace(value.scalar);
        }
    }

 private:
    void set(Text& text, std::string value) const {
        if (budget_.spend(value.size(), text.where)) {
            text.value = std::move(value);
        }
    }

    const Variables& variables_;
    Budget& budget_;
};

std::size_t size_of(const TextMap& map) {
    constexpr std::size_t entry = 128;
    std::size_t size = 0;
    for (const auto& [key, value] : map) {
        size += entry + key.size() + value.value.size();
    }
    return size;
}

std::size_t size_of(const std::vector<PipelineNode>& nodes) {
    std::size_t size = 0;
    for (const PipelineNode& node : nodes) {
        size += sizeof(PipelineNode) + node.runs.value.size() + size_of(node.with) +
                size_of(node.environment) + size_of(node.pipeline);
    }
    return size;
}

std::size_t size_of(const std::vector<Text>& texts) {
    std::size_t size = 0;
    for (const Text& text : texts) {
        size += sizeof(Text) + text.value.size();
    }
    return size;
}

/// About the memory of a copy.
std::size_t size_of(const Subpackage& subpackage) {
    std::size_t size =
        sizeof(Subpackage) + size_of(subpackage.pipeline) + size_of(subpackage.annotations);
    size += subpackage.description.value.size() + size_of(subpackage.dependencies.runtime) +
            size_of(subpackage.dependencies.provides);
    const Scriptlets& scripts = subpackage.scriptlets;
    for (const Text* text :
         {&scripts.pre_install,
          &scripts.post_install,
          &scripts.pre_deinstall,
          &scripts.post_deinstall,
          &scripts.pre_upgrade,
          &scripts.post_upgrade,
          &scripts.trigger.script}) {
        size += text->value.size();
    }
    if (subpackage.test) {
        size += sizeof(Test) + size_of(subpackage.test->pipeline) +
                size_of(subpackage.test->environment.packages);
    }
    return size;
}

class SubpackageExpander {
 public:
    SubpackageExpander(
        Recipe& recipe, Variables& variables, Budget& budget, Diagnostics& diagnostics
    )
        : recipe_(recipe),
          variables_(variables),
          budget_(budget),
          diagnostics_(diagnostics),
          replacer_(variables, budget) {
        for (const RangeData& data : recipe.data) {
            ranges_[data.name.value] = &data;
        }
    }

    void run() {
        for (std::size_t i = 0; i < recipe_.subpackages.size(); ++i) {
            Subpackage& subpackage = recipe_.subpackages[i];
            if (subpackage.range.is_empty()) {
                replacer_.replace(subpackage);
                add(std::move(subpackage));
            } else {
                copy_for_items(subpackage, i);
            }
        }
        if (expanded_.size() > max_subpackages) {
            diagnostics_.error("recipe-limit", "over 10,000 subpackages", expanded_.back().where);
            expanded_.clear();
        }
        recipe_.subpackages = std::move(expanded_);
    }

 private:
    void copy_for_items(const Subpackage& subpackage, std::size_t index) {
        const auto range = ranges_.find(subpackage.range.value);
        if (range == ranges_.end()) {
            diagnostics_.error(
                "unknown-range",
                fmt::format(
                    "subpackages[{}]: undefined range \"{}\"", index, subpackage.range.value
                ),
                subpackage.range.where,
                "a range is the name of an entry of 'data'"
            );
            return;
        }
        const std::size_t size = size_of(subpackage);
        for (const auto& [key, value] : range->second->items) {
            if (expanded_.size() > max_subpackages ||
                !budget_.spend(size, subpackage.range.where)) {
                break;
            }
            variables_["range.key"] = key;
            variables_["range.value"] = value.value;
            Subpackage copy = subpackage;
            copy.range = {};
            replacer_.replace(copy);
            add(std::move(copy));
        }
        variables_.erase("range.key");
        variables_.erase("range.value");
    }

    void add(Subpackage subpackage) {
        if (expanded_.size() <= max_subpackages) {
            expanded_.push_back(std::move(subpackage));
        }
    }

    Recipe& recipe_;
    Variables& variables_;
    Budget& budget_;
    Diagnostics& diagnostics_;
    Replacer replacer_;
    std::map<std::string_view, const RangeData*> ranges_;
    std::vector<Subpackage> expanded_;
};

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
    for (PipelineNode& child : children) {
        if (child.working_directory.is_empty()) {
            child.working_directory = parent.working_directory;
        }
        if (!parent.environment.empty() && budget.spend(size_of(parent.environment), child.where)) {
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
    SubpackageExpander(recipe, variables, budget, diagnostics).run();
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
