// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/recipe.hpp"
#include "recipe/variables.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace quern::recipe {

/// What the expansion may still add.
class Budget {
 public:
    explicit Budget(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    /// False, after one diagnostic, when more than all was spent.
    bool spend(std::size_t bytes, Span where) {
        spent_ = bytes > total - spent_ ? total : spent_ + bytes;
        if (spent_ == total && !reported_) {
            reported_ = true;
            diagnostics_.error(
                "recipe-limit",
                "the recipe grows over 16 MiB by variables, ranges and environments",
                where
            );
        }
        return spent_ < total;
    }

 private:
    Diagnostics& diagnostics_;
    static constexpr std::size_t total = 16 * 1024 * 1024;
    std::size_t spent_ = 0;
    bool reported_ = false;
};

/// The replacement of the parse time, for every kind of thing that takes part in it.
class Replacer {
 public:
    Replacer(const Variables& variables, Budget& budget) : variables_(variables), budget_(budget) {}
    void replace(Text& text) const;
    void replace_condition(Text& text) const;
    void replace(TextMap& map) const;

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
    void replace(Dependencies& dependencies) const;
    void replace(Scriptlets& scriptlets) const;
    void replace(Copyright& copyright) const;
    void replace(Package& package) const;

    /// Neither `uses` nor inputs, labels and assertions.
    void replace(PipelineNode& node) const;
    void replace(Environment& environment) const;

    void replace(Test& test) const { replace_all(test.environment, test.pipeline); }

    /// Neither options, commit and checks, nor `range`.
    void replace(Subpackage& subpackage) const;
    void replace(UpdateValue& value, const std::string& path = {}) const;

 private:
    void set(Text& text, std::string value) const;

    const Variables& variables_;
    Budget& budget_;
};

/// About the memory of a copy.
std::size_t size_of(const TextMap& map);

}  // namespace quern::recipe
