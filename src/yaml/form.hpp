// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What tables say about themselves: for schemas, and for advice on keys in the wrong map.
namespace quern::yaml {

/// What a key takes, for messages, documents and the JSON schema.
enum class Shape : std::uint8_t { text, boolean, integer, list, map, object };

struct Key;

/// A table without its type.
struct Keys {
    std::string_view name;  ///< as in messages: "package options"
    std::vector<Key> keys;
};

/// A Shape with what it is made of.
struct Form {
    Shape shape = Shape::text;
    std::function<Form()> of = nullptr;      ///< members of a list, values of a map; else anything
    std::function<Keys()> object = nullptr;  ///< of an object; else anything
};

struct Key {
    std::string_view key;
    std::string_view description;
    bool is_required = false;
    std::function<Form()> form;
};

/// Forms of values, found like read_value by the type of a pointer.
inline Form form_of(const std::string* /*of*/) {
    return {Shape::text};
}
inline Form form_of(const bool* /*of*/) {
    return {Shape::boolean};
}
template <std::integral T>
Form form_of(const T* /*of*/) {
    return {Shape::integer};
}
template <typename T>
Form form_of(const std::optional<T>* /*of*/) {
    return form_of(static_cast<const T*>(nullptr));
}
template <typename T>
Form form_of(const std::vector<T>* /*of*/) {
    return {Shape::list, [] { return form_of(static_cast<const T*>(nullptr)); }};
}

}  // namespace quern::yaml
