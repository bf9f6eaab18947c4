// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The tree keeps aliases as second references to one node, so it is never larger than the text.
// What they stand for is counted as they are met: each node knows its cost with all aliases written
// out, and a document whose root costs too much is refused before anyone walks over it.
#include "yaml/tree.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace quern::yaml::detail {

namespace {

constexpr std::size_t max_depth = 400;
/// No real file comes near; what is made of a node takes up to 600 bytes, and two bytes of text
/// make one.
constexpr std::size_t max_nodes = 100'000;
/// Of a list or a map, whose place is the rest of its first line.
constexpr std::size_t longest_span = 200;
constexpr std::uint64_t node_cost = 16;
/// Small documents may multiply more than tenfold.
constexpr std::uint64_t free_cost = 4 * 1024 * 1024;

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

bool is_plain_tag(std::string_view tag) {
    return tag.starts_with(core_tag) && tag.substr(core_tag.size()) != "str" &&
           tag.substr(core_tag.size()) != "binary";
}

std::size_t skip_blank(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        const char c = text[at];
        if (c == '#') {
            at = std::min(text.find_first_of("\r\n", at), text.size());
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            ++at;
        } else {
            break;
        }
    }
    return at;
}

std::size_t skip_properties(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
        at = skip_blank(text, std::min(text.find_first_of(" \t\r\n", at), text.size()));
    }
    return at;
}

}  // namespace

TreeBuilder::TreeBuilder(Tree& tree, Diagnostics& diagnostics)
    : tree_(tree), diagnostics_(diagnostics), limit_(free_cost + 10 * tree.file->text().size()) {}

Span TreeBuilder::span(const NodeData& node) const {
    return {tree_.file.get(), node.begin, node.length};
}

void TreeBuilder::error(std::string_view id, std::string message, Span where, std::string help) {
    good_ = false;
    diagnostics_.error(id, std::move(message), where, std::move(help));
}

bool TreeBuilder::charge(std::uint64_t cost, std::size_t begin) {
    if (cost <= limit_) {
        return true;
    }
    error(
        "alias-limit",
        "the aliases stand for over 10 times the text",
        {tree_.file.get(), begin, 1},
        "write it without so many aliases"
    );
    return false;
}

NodeData& TreeBuilder::make(const NodeStart& start, Kind kind) {
    NodeData& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.cost = node_cost;
    node.begin = static_cast<std::uint32_t>(start.begin);
    if (start.anchor != 0) {
        anchors_.resize(std::max(anchors_.size(), start.anchor + 1));
        anchors_[start.anchor] = &node;
    }
    return node;
}

bool TreeBuilder::null(const NodeStart& start) {
    return place(make(start, Kind::null));
}

bool TreeBuilder::scalar(const NodeStart& start, std::string value, bool is_plain) {
    NodeData& node = make(start, Kind::scalar);
    const std::string_view text = tree_.file->text();
    const std::size_t begin = std::min(skip_properties(text, start.begin), start.end);
    std::size_t end = start.end;
    if (!is_plain && begin < end && (text[begin] == '|' || text[begin] == '>')) {
        // Of a block only its header.
        end = std::min(text.find_first_of(" \t\r\n", begin), end);
    }
    node.begin = static_cast<std::uint32_t>(begin);
    node.length = static_cast<std::uint32_t>(end - begin);
    node.is_quoted = is_plain_tag(start.tag) ? false : !is_plain || start.tag.starts_with(core_tag);
    node.cost += value.size();
    node.text = std::move(value);
    return place(node);
}

bool TreeBuilder::alias(std::size_t begin, std::size_t anchor) {
    const NodeData* node = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
    const std::string_view rest =
        tree_.file->text().substr(std::min(begin, tree_.file->text().size()));
    const Span where{
        tree_.file.get(), begin, std::min(rest.find_first_of(" \t\r\n,]}"), rest.size())};
    if (node == nullptr || node->is_open) {
        const std::string name = printable(rest.substr(0, where.length));
        error(
            "alias-limit", fmt::format("the alias '{}' stands inside of what it names", name), where
        );
        return false;
    }
    return place(*node);
}

bool TreeBuilder::open(const NodeStart& start, Kind kind) {
    if (levels_.size() == max_depth) {
        error(
            "yaml-limit",
            "lists and maps are nested over 400 deep",
            {tree_.file.get(), start.begin, 1}
        );
        return false;
    }
    NodeData& node = make(start, kind);
    const std::string_view text = tree_.file->text();
    const std::size_t begin = skip_properties(text, std::min(start.begin, text.size()));
    // A line may be the whole file: looking for its end at each of its maps would be quadratic.
    const std::string_view start_of_line = text.substr(begin, longest_span);
    const std::string_view line = start_of_line.substr(0, start_of_line.find_first_of("\r\n"));
    node.begin = static_cast<std::uint32_t>(begin);
    node.length = static_cast<std::uint32_t>(trim(line).size());
    node.is_open = true;
    levels_.push_back({&node, nullptr, false, {}});
    return true;
}

bool TreeBuilder::close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    NodeData& node = *level.node;
    node.is_open = false;
    if (node.kind == Kind::map) {
        check_duplicates(node);
        apply_merges(level);
    }
    node.entries.shrink_to_fit();
    return place(node);
}

/// Puts a finished node where it belongs: as the root, a member, a key or a value.
bool TreeBuilder::place(const NodeData& node) {
    if (tree_.nodes.size() > max_nodes) {
        error("yaml-limit", "over 100,000 texts, lists and maps", span(node));
        return false;
    }
    if (levels_.empty()) {
        tree_.root = &node;
        return charge(node.cost, node.begin);
    }
    Level& level = levels_.back();
    if (level.node->kind == Kind::map && level.key == nullptr && !level.key_was_null) {
        return take_key(level, node);
    }
    level.node->cost += node.cost;
    if (level.node->kind == Kind::list) {
        level.node->entries.emplace_back(nullptr, &node);
    } else {
        add_entry(level, node);
    }
    return charge(level.node->cost, node.begin);
}

bool TreeBuilder::take_key(Level& level, const NodeData& node) {
    if (node.kind == Kind::null) {
        level.key_was_null = true;
        return true;
    }
    if (node.kind != Kind::scalar) {
        error("bad-yaml", "a key must be a text", span(node), "lists and maps cannot be keys");
        return false;
    }
    level.key = &node;
    level.node->cost += node.cost;
    return true;
}

void TreeBuilder::add_entry(Level& level, const NodeData& node) {
    if (!level.key_was_null) {
        const bool is_merge = level.key->text == "<<" && !level.key->is_quoted;
        (is_merge ? level.merges : level.node->entries).emplace_back(level.key, &node);
    }
    level.key = nullptr;
    level.key_was_null = false;
}

void TreeBuilder::check_duplicates(const NodeData& map) {
    if (map.entries.size() < 2) {
        return;
    }
    std::unordered_map<std::string_view, const NodeData*> seen;
    seen.reserve(map.entries.size());
    for (const auto& [key, value] : map.entries) {
        const auto [first, is_new] = seen.emplace(key->text, key);
        if (is_new) {
            continue;
        }
        good_ = false;
        diagnostics_.add(
            {.id = "duplicate-key",
             .message = fmt::format("the key '{}' is given twice", printable(key->text)),
             .where = span(*key),
             .notes = {{"first given here", span(*first->second)}},
             .help = {}}
        );
    }
}

void TreeBuilder::apply_merges(Level& level) {
    if (level.merges.size() > 1) {
        diagnostics_.add(
            {.id = "duplicate-key",
             .message = "the key '<<' is given twice",
             .where = span(*level.merges[1].first),
             .notes = {{"first given here", span(*level.merges[0].first)}},
             .help = "give it a list: <<: [*a, *b]"}
        );
        good_ = false;
    }
    for (const auto& [key, value] : level.merges) {
        if (value->kind == Kind::list) {
            for (const auto& [none, member] : value->entries) {
                merge_map(*level.node, *member, *value);
            }
        } else {
            merge_map(*level.node, *value, *value);
        }
    }
}

void TreeBuilder::merge_map(NodeData& into, const NodeData& map, const NodeData& value) {
    if (map.kind != Kind::map) {
        error("bad-merge", "the merge key '<<' wants a map or a list of maps", span(value));
        return;
    }
    into.cost += map.cost;
    merged_ += map.cost;
    if (!good_ || !charge(merged_, value.begin)) {
        return;
    }
    std::unordered_set<std::string_view> own;
    own.reserve(into.entries.size() + map.entries.size());
    for (const auto& [key, node] : into.entries) {
        own.insert(key->text);
    }
    for (const auto& entry : map.entries) {
        if (own.insert(entry.first->text).second) {
            into.entries.push_back(entry);
        }
    }
}

}  // namespace quern::yaml::detail
