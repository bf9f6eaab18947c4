// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::recipe {

/// A value that is about to be printed. Maps keep the order in which they were filled and may not
/// have a key twice.
struct DumpTree {
    enum class Kind : std::uint8_t { text, literal, list, map };

    Kind kind = Kind::map;
    std::string text;  ///< of a text, or the spelling of a number or truth value
    std::vector<DumpTree> items;
    std::vector<std::pair<std::string, DumpTree>> entries;

    static DumpTree of(std::string_view text) { return {Kind::text, std::string(text), {}, {}}; }
    static DumpTree literal(std::string text) { return {Kind::literal, std::move(text), {}, {}}; }
    static DumpTree list() { return {Kind::list, {}, {}, {}}; }
    static DumpTree map() { return {}; }

    bool is_empty() const;
    void put(std::string_view key, DumpTree value) {
        entries.emplace_back(std::string(key), std::move(value));
    }
    /// Nothing that says no more than an absent key.
    void put_unless_empty(std::string_view key, DumpTree value);
};

/// Who reads the output.
enum class DumpStyle : std::uint8_t {
    compile,  ///< melange's `compile`: Go's names in `options` and `needs`, durations as numbers
    recipe,   ///< a recipe again: YAML names, durations as texts, no passwords in URLs
};

/// The configuration in the order of the tables of recipe-and-build 2.
DumpTree dump(const Configuration& configuration, DumpStyle style);

std::string print_json(const DumpTree& tree);
/// Block style, two spaces a level, texts of several lines as blocks.
std::string print_yaml(const DumpTree& tree);

}  // namespace quern::recipe
