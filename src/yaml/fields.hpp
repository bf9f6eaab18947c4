// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"
#include "yaml/form.hpp"
#include "yaml/node.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::yaml {

/// How a document is read, and where its problems go.
struct Reader {
    Diagnostics& diagnostics;
    /// False: unknown keys are passed over.
    bool is_strict = true;
    /// Advice about an unknown key of the map `table`; empty if there is none, then the nearest
    /// known key is offered.
    std::function<std::string(std::string_view key, std::string_view table)> unknown_key_help =
        nullptr;
    /// Maps that may still be read by a table. A step takes half a kilobyte in memory and five
    /// bytes in a file: without a bound a small file would become a large value.
    std::size_t objects_left = 20'000;
};

/// One key of a map that is read into a T.
template <typename T>
struct Field {
    std::string_view key;
    void (*read)(const Node& node, T& value, Reader& reader);
    Shape shape;
    std::string_view description = {};  ///< one line for editors
    Form (*form)() = nullptr;           ///< more than `shape` tells
    bool is_required = false;           ///< told by the schema; reading does not mind
};

/// All keys of a map. One constexpr table per type is what reads it, what knows its unknown keys
/// and what describes it.
template <typename T>
struct Table {
    std::string_view name;  ///< as in messages: "package.options"
    std::span<const Field<T>> fields;
};

/// The table as documents want it.
template <typename T>
Keys keys_of(const Table<T>& table) {
    Keys keys{table.name, {}};
    for (const Field<T>& field : table.fields) {
        const Shape shape = field.shape;
        auto form = field.form != nullptr ? std::function<Form()>(field.form)
                                          : [shape] { return Form{shape}; };
        keys.keys.push_back({field.key, field.description, field.is_required, std::move(form)});
    }
    return keys;
}

/// "expected a list, got a text" at the node, as "wrong-type".
void report_wrong_type(const Node& node, std::string_view expected, Reader& reader);
/// "unknown-key" at the key, with advice.
void report_unknown_key(
    const Node& key, std::string_view table, std::span<const std::string_view> known, Reader& reader
);

/// Counts one more object; false, after one "yaml-limit", when there are too many.
bool count_object(const Node& node, Reader& reader);

/// Readers of values. A null leaves what is there. Each returns false after a diagnostic.
bool read_value(const Node& node, std::string& value, Reader& reader);
/// YAML 1.1 words in plain scalars: y, yes, on, true and their opposites in the usual cases.
bool read_value(const Node& node, bool& value, Reader& reader);
/// Plain scalars: decimal with `_`, 0x, 0o, 0b and a leading 0 for octal, and floats without a
/// fraction.
bool read_value(const Node& node, std::uint64_t& value, Reader& reader);
bool read_value(const Node& node, std::uint32_t& value, Reader& reader);
bool read_value(const Node& node, int& value, Reader& reader);

/// The whole number that a plain scalar means, by the rules above; nothing if it is none or does
/// not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// The truth value that a plain scalar means.
std::optional<bool> parse_boolean(std::string_view text);

template <typename T>
bool read_value(const Node& node, std::optional<T>& value, Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    T read{};
    if (!read_value(node, read, reader)) {
        return false;
    }
    value = std::move(read);
    return true;
}

/// A list of values. Nulls are left out.
template <typename T>
bool read_value(const Node& node, std::vector<T>& value, Reader& reader) {
    if (node.is_null()) {
        return true;
    }
    if (!node.is_list()) {
        report_wrong_type(node, "a list", reader);
        return false;
    }
    bool good = true;
    value.reserve(std::min(node.size(), reader.objects_left));
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (const Node item = node.item(i); !item.is_null() && reader.objects_left != 0) {
            good = read_value(item, value.emplace_back(), reader) && good;
        }
    }
    return good;
}

/// Calls `use` with each key and value of a map; a null is an empty map.
template <typename Use>
bool for_each_entry(const Node& node, Reader& reader, Use use) {
    if (node.is_null()) {
        return true;
    }
    if (!node.is_map()) {
        report_wrong_type(node, "a map", reader);
        return false;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node::Entry entry = node.entry(i);
        use(entry.key, entry.value);
    }
    return true;
}

/// Reads a map by its table.
template <typename T>
bool read_fields(const Node& node, T& value, const Table<T>& table, Reader& reader) {
    if (!count_object(node, reader)) {
        return false;
    }
    return for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        for (const Field<T>& field : table.fields) {
            if (field.key == key.text()) {
                field.read(entry, value, reader);
                return;
            }
        }
        std::vector<std::string_view> known;
        for (const Field<T>& field : table.fields) {
            known.push_back(field.key);
        }
        report_unknown_key(key, table.name, known, reader);
    });
}

/// The form of what `table` reads.
template <const auto& Fields>
Form object_form() {
    return {Shape::object, nullptr, [] { return keys_of(Fields); }};
}

namespace detail {
template <auto Member>
struct MemberOf;
template <typename T, typename V, V T::*Member>
struct MemberOf<Member> {
    using Object = T;
    using Value = V;
    static void read(const Node& node, T& object, Reader& reader) {
        read_value(node, object.*Member, reader);
    }
    static Form form() { return form_of(static_cast<const V*>(nullptr)); }
};
}  // namespace detail

/// The field that reads into one member: field<&Package::epoch>("epoch", Shape::integer).
template <auto Member>
constexpr auto field(std::string_view key, Shape shape = Shape::text) {
    using Access = detail::MemberOf<Member>;
    return Field<typename Access::Object>{key, &Access::read, shape};
}

/// The same with a line for editors; the form is that of the member.
template <auto Member>
constexpr auto field(std::string_view key, const char* description) {
    using Access = detail::MemberOf<Member>;
    return Field<typename Access::Object>{
        key, &Access::read, Shape::text, description, &Access::form};
}

template <typename T>
constexpr Field<T> required(Field<T> field) {
    field.is_required = true;
    return field;
}

}  // namespace quern::yaml
