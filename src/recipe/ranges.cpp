// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/ranges.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <vector>

namespace quern::recipe {

namespace {

constexpr std::size_t max_subpackages = 3'000;

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
            diagnostics_.error("recipe-limit", "over 3,000 subpackages", expanded_.back().where);
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
                help_for_range(subpackage.range.value)
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

    std::string help_for_range(std::string_view name) const {
        std::vector<std::string_view> known;
        for (const auto& [range, data] : ranges_) {
            known.push_back(range);
        }
        const std::string_view near = nearest(name, known);
        return near.empty() ? "a range is the name of an entry of 'data'"
                            : fmt::format("did you mean '{}'?", near);
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

}  // namespace

void expand_subpackages(
    Recipe& recipe, Variables& variables, Budget& budget, Diagnostics& diagnostics
) {
    SubpackageExpander(recipe, variables, budget, diagnostics).run();
}

}  // namespace quern::recipe
