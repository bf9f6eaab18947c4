// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/dump_tree.hpp"

#include "support/text.hpp"
#include "yaml/writer.hpp"

#include <fmt/format.h>

namespace quern::recipe {

namespace {

constexpr std::size_t step = 2;

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

void append_json(std::string& out, const DumpTree& tree) {
    switch (tree.kind) {
        case DumpTree::Kind::text:
            append_json_text(out, tree.text);
            return;
        case DumpTree::Kind::literal:
            out += tree.text;
            return;
        case DumpTree::Kind::list: {
            std::string_view separator = "[";
            for (const DumpTree& item : tree.items) {
                out += separator;
                append_json(out, item);
                separator = ",";
            }
            out += tree.items.empty() ? "[]" : "]";
            return;
        }
        case DumpTree::Kind::map: {
            std::string_view separator = "{";
            for (const auto& [key, value] : tree.entries) {
                out += separator;
                append_json_text(out, key);
                out += ':';
                append_json(out, value);
                separator = ",";
            }
            out += tree.entries.empty() ? "{}" : "}";
            return;
        }
    }
}

// Where nothing has to be escaped. Growing by doubling takes three times the memory.
std::size_t size_hint(const DumpTree& tree) {
    std::size_t size = tree.text.size() + 4;
    for (const DumpTree& item : tree.items) {
        size += size_hint(item);
    }
    for (const auto& [key, value] : tree.entries) {
        size += key.size() + 4 + size_hint(value);
    }
    return size;
}

void append_yaml(std::string& out, const DumpTree& tree, std::size_t indent);

/// What stands behind "key:" or "-", with the line's end.
void append_value(std::string& out, const DumpTree& value, std::size_t indent) {
    switch (value.kind) {
        case DumpTree::Kind::text:
            out += ' ';
            out += yaml::block_scalar(value.text, indent + step);
            break;
        case DumpTree::Kind::literal:
            out += ' ';
            out += value.text;
            break;
        case DumpTree::Kind::list:
        case DumpTree::Kind::map:
            if (!value.items.empty() || !value.entries.empty()) {
                out += '\n';
                append_yaml(out, value, indent + step);
                return;
            }
            out += value.kind == DumpTree::Kind::list ? " []" : " {}";
            break;
    }
    out += '\n';
}

void append_map(std::string& out, const DumpTree& map, std::size_t indent, bool first_is_placed) {
    for (const auto& [key, value] : map.entries) {
        out.append(first_is_placed ? 0 : indent, ' ');
        first_is_placed = false;
        out += yaml::scalar(key);
        out += ':';
        append_value(out, value, indent);
    }
}

void append_yaml(std::string& out, const DumpTree& tree, std::size_t indent) {
    if (tree.kind == DumpTree::Kind::map) {
        append_map(out, tree, indent, false);
        return;
    }
    for (const DumpTree& item : tree.items) {
        out.append(indent, ' ');
        out += '-';
        if (item.kind == DumpTree::Kind::map && !item.entries.empty()) {
            out += ' ';
            append_map(out, item, indent + step, true);
        } else {
            append_value(out, item, indent);
        }
    }
}

}  // namespace

bool DumpTree::is_empty() const {
    return kind == Kind::literal ? text == "0" || text == "false"
                                 : text.empty() && items.empty() && entries.empty();
}

void DumpTree::put_unless_empty(std::string_view key, DumpTree value) {
    if (!value.is_empty()) {
        put(key, std::move(value));
    }
}

std::string print_json(const DumpTree& tree) {
    std::string out;
    out.reserve(size_hint(tree));
    append_json(out, tree);
    return out;
}

std::string print_yaml(const DumpTree& tree) {
    std::string out;
    append_yaml(out, tree, 0);
    return out.empty() ? "{}\n" : out;
}

}  // namespace quern::recipe
