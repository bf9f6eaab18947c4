// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What a query template computes with: Go's values as far as a configuration has them.
namespace quern::recipe {

class Value;

/// A Go struct: a table of how to read the fields of an object of ours.
struct StructType {
    struct Field {
        std::string_view name;
        Value (*read)(const void* object);
    };
    std::string_view name;  ///< "config.Package"
    std::span<const Field> fields;
    std::span<const Field> methods = {};  ///< called without arguments, and not printed
};

/// A Go slice.
struct ListType {
    std::string_view name;  ///< "[]string"
    std::size_t (*size)(const void* object);
    Value (*item)(const void* object, std::size_t index);
};

/// A Go map with texts as keys.
struct MapType {
    std::string_view name;  ///< "map[string]string"
    std::size_t (*size)(const void* object);
    std::vector<std::pair<std::string_view, Value>> (*entries)(const void* object);  ///< by key
    std::optional<Value> (*find)(const void* object, std::string_view key);
    Value (*zero)();  ///< what `index` gives for a key that is not there
};

/// No value at all: a key that a map does not have.
struct Missing {};
/// A null pointer, or the word `nil`.
struct Nil {
    std::string_view type;
};
struct TextValue {
    std::string_view text;
    std::shared_ptr<const std::string> owner;  ///< empty: the configuration or the template
};
/// A part of a slice.
struct ListValue {
    const ListType* type;
    const void* object;
    std::size_t begin;
    std::size_t end;

    std::size_t size() const { return end - begin; }
};
struct MapValue {
    const MapType* type;
    const void* object;
};
struct StructValue {
    const StructType* type;
    const void* object;
    bool is_pointer = false;
};

/// A value, copied freely. Composite values are views of the configuration, which must outlive
/// them.
class Value {
 public:
    using Variant = std::variant<
        Missing,
        Nil,
        bool,
        std::int64_t,
        std::uint64_t,
        double,
        std::chrono::nanoseconds,
        TextValue,
        ListValue,
        MapValue,
        StructValue>;

    Value() = default;
    explicit Value(Variant value) : value_(std::move(value)) {}
    static Value borrowed(std::string_view text) { return Value(TextValue{text, nullptr}); }
    static Value owned(std::string text);

    template <typename T>
    const T* as() const {
        return std::get_if<T>(&value_);
    }
    const Variant& variant() const { return value_; }
    bool is_missing() const { return as<Missing>() != nullptr; }
    std::optional<std::string_view> text() const;

    /// Go's truth: not zero, not empty, not nil; a struct always.
    bool is_true() const;
    /// Go's name of the type, for messages and `%T`: "string", "*config.Test".
    std::string type_name() const;

 private:
    Variant value_;
};

}  // namespace quern::recipe
