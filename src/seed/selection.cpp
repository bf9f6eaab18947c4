// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/selection.hpp"

#include "seed/debian_names.hpp"
#include "seed/description.hpp"

#include <algorithm>
#include <array>

namespace quern::seed {

Result<void> Selection::add(const ControlFields& control) {
    const std::string name(control.value("package"));
    members_.insert(name);
    QUERN_TRY(const auto provided, parse_relations(control.value("provides")));
    for (const Alternatives& alternatives : provided) {
        providers_[alternatives.front().name].insert(name);
    }
    return {};
}

std::string Selection::choose(const std::vector<std::string>& alternatives) const {
    for (const std::string& name : alternatives) {
        if (members_.contains(name)) {
            return name;
        }
    }
    for (const std::string& name : alternatives) {
        if (const auto found = providers_.find(name); found != providers_.end()) {
            return *found->second.begin();
        }
    }
    const bool falls_away =
        std::any_of(alternatives.begin(), alternatives.end(), [&](const std::string& name) {
            return absent_.contains(name);
        });
    return falls_away ? std::string() : alternatives.front();
}

Result<std::vector<std::string>> Selection::map_depends(
    const ControlFields& control, const Contents* amendment
) const {
    const auto is_without = [&](const std::string& name) {
        return amendment != nullptr && std::any_of(
                                           amendment->without.begin(),
                                           amendment->without.end(),
                                           [&](const Word& word) { return word.text == name; }
                                       );
    };
    std::set<std::string> names;
    for (const std::string_view field : {"pre-depends", "depends"}) {
        QUERN_TRY(const auto relations, parse_relations(control.value(field)));
        for (const Alternatives& relation : relations) {
            std::vector<std::string> alternatives;
            for (const Relation& alternative : relation) {
                alternatives.push_back(alternative.name);
            }
            const std::string chosen = choose(alternatives);
            if (!chosen.empty() && chosen != control.value("package") && !is_without(chosen)) {
                names.insert(chosen);
            }
        }
    }
    return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace quern::seed
