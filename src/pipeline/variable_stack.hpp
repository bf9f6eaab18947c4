// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quern::pipeline {

/// The variables that a node sees: one map for the whole walk, in which each level puts its own and
/// takes them back at its end. A copy per node would make many subpackages quadratic, because every
/// one of them is a variable too.
class VariableStack {
 public:
    explicit VariableStack(recipe::Variables variables) : variables_(std::move(variables)) {}

    const recipe::Variables& all() const { return variables_; }
    /// Sets `name` until the level that is open now ends.
    void set(std::string name, std::string value);

    /// A level: what is set while it lives is undone when it dies.
    class Level {
     public:
        explicit Level(VariableStack& stack) : stack_(stack), mark_(stack.undo_.size()) {}
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        ~Level() { stack_.undo_to(mark_); }

     private:
        VariableStack& stack_;
        std::size_t mark_;
    };

 private:
    void undo_to(std::size_t mark) noexcept;

    recipe::Variables variables_;
    std::vector<std::pair<std::string, std::optional<std::string>>> undo_;
};

}  // namespace quern::pipeline
