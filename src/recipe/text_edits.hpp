// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/source_file.hpp"
#include "yaml/node.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace quern::recipe {

/// Changes of single values in a YAML text. Nothing else of it moves: comments, order, quotes and
/// blank lines stay.
class TextEdits {
 public:
    explicit TextEdits(const SourceFile& file) : file_(file) {}

    /// Writes `value`, which is letters, digits and `._+~:-` only, in the place of a scalar, in the
    /// quotes that are there. Errors: unsupported (a block scalar), usage (another value was wanted
    /// for the same place).
    Result<void> set(const yaml::Node& scalar, std::string_view value);
    /// Gives `map` a new entry behind its entry `neighbour`, on a line of its own or, in a map in
    /// flow style, on the same. A `key` without a value gets it. Errors: as `set`; unsupported (a
    /// place that has no room for a line).
    Result<void> add(
        const yaml::Node& map,
        std::string_view neighbour,
        std::string_view key,
        std::string_view value
    );

    /// Puts `text` in the place of some bytes. Errors: usage (other bytes are wanted there).
    Result<void> replace(Span place, std::string text) {
        return change(place.begin, place.length, std::move(text));
    }

    bool is_empty() const { return changes_.empty(); }
    /// The text with all changes.
    std::string apply() const;

 private:
    struct Change {
        std::size_t length;
        std::string text;
    };
    Result<void> change(std::size_t begin, std::size_t length, std::string text);
    Error refuse(std::size_t at, std::string_view problem) const;

    const SourceFile& file_;
    std::multimap<std::size_t, Change> changes_;  ///< by the place in the text
};

/// A recipe that is to be edited. Errors: invalid_recipe (it is no YAML).
Result<yaml::Document> parse_for_edits(const std::shared_ptr<const SourceFile>& file);
/// Behind the last byte of all scalars in `node`.
std::size_t end_of(const yaml::Node& node);
/// Why a text stays as it is, and what its author may write instead.
Error cannot_edit(const SourceFile& file, std::string_view why, std::string_view entry);

}  // namespace quern::recipe
