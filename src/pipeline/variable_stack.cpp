// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/variable_stack.hpp"

namespace quern::pipeline {

void VariableStack::set(std::string name, std::string value) {
    const auto found = variables_.find(name);
    if (found == variables_.end()) {
        undo_.emplace_back(name, std::nullopt);
        variables_.emplace(std::move(name), std::move(value));
    } else {
        undo_.emplace_back(std::move(name), std::exchange(found->second, std::move(value)));
    }
}

void VariableStack::undo_to(std::size_t mark) noexcept {
    while (undo_.size() > mark) {
        auto& [name, before] = undo_.back();
        const auto found = variables_.find(name);
        if (before) {
            found->second = std::move(*before);
        } else {
            variables_.erase(found);
        }
        undo_.pop_back();
    }
}

}  // namespace quern::pipeline
