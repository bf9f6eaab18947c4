// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "yaml/node.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::yaml::detail {

struct NodeData {
    /// Key (null in lists) and value.
    using Entry = std::pair<const NodeData*, const NodeData*>;

    std::string text;
    std::vector<Entry> entries;
    std::uint64_t cost = 0;  ///< bytes that this node stands for with its aliases written out
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
    Kind kind = Kind::null;
    bool is_quoted = false;
    bool is_open = false;  ///< its end has not been read: an alias to it would contain itself
};

struct Tree {
    std::shared_ptr<const SourceFile> file;
    std::deque<NodeData> nodes;
    const NodeData* root = nullptr;
};

/// What the parser says of a scalar, list or map that begins.
struct NodeStart {
    std::size_t begin = 0;   ///< where it starts, its anchor and tag included
    std::size_t end = 0;     ///< behind a scalar
    std::size_t anchor = 0;  ///< 0: none
    std::string_view tag;
};

/// Makes the tree from the parser's events and holds what the parser does not: duplicate keys,
/// merges, cycles, sizes. Each call returns false after an error that makes it useless to go on.
class TreeBuilder {
 public:
    TreeBuilder(Tree& tree, Diagnostics& diagnostics);

    bool null(const NodeStart& start);
    bool scalar(const NodeStart& start, std::string value, bool is_plain);
    bool alias(std::size_t begin, std::size_t anchor);
    bool open(const NodeStart& start, Kind kind);
    bool close();

    /// Whether all of the document was fit for use.
    bool is_good() const { return good_; }

 private:
    struct Level {
        NodeData* node;
        const NodeData* key = nullptr;  ///< read, and its value not yet
        bool key_was_null = false;
        std::vector<NodeData::Entry> merges;
    };

    NodeData& make(const NodeStart& start, Kind kind);
    bool place(const NodeData& node);
    bool take_key(Level& level, const NodeData& node);
    void add_entry(Level& level, const NodeData& node);
    void check_duplicates(const NodeData& map);
    void apply_merges(Level& level);
    void merge_map(NodeData& into, const NodeData& map, const NodeData& value);
    bool charge(std::uint64_t cost, std::size_t begin);
    void error(std::string_view id, std::string message, Span where, std::string help = {});
    Span span(const NodeData& node) const;

    Tree& tree_;
    Diagnostics& diagnostics_;
    std::vector<Level> levels_;
    std::vector<const NodeData*> anchors_;
    std::uint64_t limit_;
    std::uint64_t merged_ = 0;
    bool good_ = true;
};

}  // namespace quern::yaml::detail
