// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "quern/source_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace quern::yaml {

enum class Kind : std::uint8_t { null, scalar, list, map };

namespace detail {
struct NodeData;
struct Tree;
}  // namespace detail

class Node;

/// A YAML text that was read: its first document. Owns the nodes; handles into it live as long as
/// it does.
class Document {
 public:
    /// Reads `file`. Errors: "bad-yaml" (syntax), "bad-encoding" (not UTF-8, control characters),
    /// "duplicate-key" (both places), "bad-merge", "alias-limit" (aliases that contain themselves
    /// or multiply over 10 times the text), "yaml-limit" (over 400 levels, over 16 MiB). Empty if
    /// one of these was added. Merge keys are applied: own keys first, then of a list of maps the
    /// first.
    static std::optional<Document> parse(
        std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics
    );

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    ~Document();

    /// Null for a document without content.
    Node root() const;

 private:
    explicit Document(std::unique_ptr<detail::Tree> tree);
    std::unique_ptr<detail::Tree> tree_;
};

/// A handle to one node; copied freely. An alias is the node that it names.
class Node {
 public:
    struct Entry;

    Kind kind() const;
    bool is_null() const { return kind() == Kind::null; }
    bool is_scalar() const { return kind() == Kind::scalar; }
    bool is_list() const { return kind() == Kind::list; }
    bool is_map() const { return kind() == Kind::map; }

    /// The value of a scalar as it stands after quotes, folds and escapes are taken away: `1.10` is
    /// "1.10", `no` is "no". Empty for a null.
    const std::string& text() const;
    /// In quotes or in a block: never a number or a truth value. A tag `!!int` or the like makes it
    /// plain.
    bool is_quoted() const;
    /// The bytes of a scalar from quote to quote; of a block scalar its header (`|`); of a list or
    /// map the rest of its first line.
    Span where() const;

    /// Members of a list or a map, nulls among them.
    std::size_t size() const;
    Node item(std::size_t index) const;
    /// In the order written, merged ones last. Keys are scalars; entries with a null key are not
    /// there.
    Entry entry(std::size_t index) const;
    /// The value of `key`, if this is a map that has it.
    std::optional<Node> find(std::string_view key) const;

    /// "a text", "a list", "a map", "nothing", for messages.
    std::string_view kind_name() const;

 private:
    friend class Document;
    Node(const detail::NodeData* data, const SourceFile* file) : data_(data), file_(file) {}

    const detail::NodeData* data_;
    const SourceFile* file_;
};

struct Node::Entry {
    Node key;
    Node value;
};

/// Bytes of a file as UTF-8: UTF-16 with a byte order mark is converted, all else stays. To be
/// called before a SourceFile is made of them. A lone surrogate becomes U+FFFD.
std::string to_utf8(std::string bytes);

}  // namespace quern::yaml
