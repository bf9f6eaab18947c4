// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/recipe.hpp"
#include "recipe/template_value.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Tables that show objects of ours as values of Go. A field is a function from the object to a
/// value, so that a template pays for what it names.
namespace quern::recipe::go {

using Field = StructType::Field;

const StructType& type_of(const Configuration& object);
const StructType& type_of(const Package& object);
const StructType& type_of(const Trigger& object);
const StructType& type_of(const Scriptlets& object);
const StructType& type_of(const Dependencies& object);
const StructType& type_of(const PackageOptions& object);
const StructType& type_of(const Copyright& object);
const StructType& type_of(const Cpe& object);
const StructType& type_of(const FileCapability& object);
const StructType& type_of(const Resources& object);
const StructType& type_of(const Subpackage& object);
const StructType& type_of(const PipelineNode& object);
const StructType& type_of(const Input& object);
const StructType& type_of(const Environment& object);
const StructType& type_of(const User& object);
const StructType& type_of(const Group& object);
const StructType& type_of(const PathMutation& object);
const StructType& type_of(const Test& object);
const StructType& type_of(const Capabilities& object);
const StructType& type_of(const RangeData& object);
const StructType& type_of(const VarTransform& object);
const StructType& type_of(const BuildOption& object);

/// `update:`, whose fields have the names of its YAML keys; also if the recipe has none.
Value view(const std::optional<UpdateValue>& update);

inline Value view(const Text& text) {
    return Value::borrowed(text.value);
}
inline Value view(const std::string& text) {
    return Value::borrowed(text);
}
inline Value view(bool value) {
    return Value(value);
}
inline Value view(std::uint64_t value) {
    return Value(value);
}
inline Value view(std::uint32_t value) {
    return Value(std::uint64_t{value});
}
inline Value view(const std::optional<std::chrono::nanoseconds>& timeout) {
    return Value(timeout.value_or(std::chrono::nanoseconds(0)));
}
template <typename T>
Value view(const std::vector<T>& list);
template <typename T>
Value view(const std::map<std::string, T, std::less<>>& map);
template <typename T>
Value view(const T& object) {
    return Value(StructValue{&type_of(object), &object});
}

/// "[]config.Pipeline"; kept for ever, as types are.
template <typename T>
std::string_view composite_name(std::string_view prefix) {
    static const std::string name = std::string(prefix) + view(T{}).type_name();
    return name;
}

template <typename T>
Value view(const std::vector<T>& list) {
    static const ListType type = {
        composite_name<T>("[]"),
        [](const void* object) { return static_cast<const std::vector<T>*>(object)->size(); },
        [](const void* object, std::size_t index) {
            return view((*static_cast<const std::vector<T>*>(object))[index]);
        }};
    return Value(ListValue{&type, &list, 0, list.size()});
}

template <typename T>
Value view(const std::map<std::string, T, std::less<>>& map) {
    using Map = std::map<std::string, T, std::less<>>;
    static const T nothing{};
    static const MapType type = {
        composite_name<T>("map[string]"),
        [](const void* object) { return static_cast<const Map*>(object)->size(); },
        [](const void* object) {
            std::vector<std::pair<std::string_view, Value>> entries;
            for (const auto& [key, value] : *static_cast<const Map*>(object)) {
                entries.emplace_back(key, view(value));
            }
            return entries;
        },
        [](const void* object, std::string_view key) -> std::optional<Value> {
            const Map& entries = *static_cast<const Map*>(object);
            const auto found = entries.find(key);
            return found == entries.end() ? std::nullopt : std::optional(view(found->second));
        },
        [] { return view(nothing); }};
    return Value(MapValue{&type, &map});
}

template <auto Member>
struct MemberOf;
template <typename T, typename V, V T::*Member>
struct MemberOf<Member> {
    using Object = T;
};

/// A member under its name in Go.
template <auto Member>
constexpr Field field(std::string_view name) {
    using Object = typename MemberOf<Member>::Object;
    return {
        name, [](const void* object) { return view(static_cast<const Object*>(object)->*Member); }};
}

/// A struct of Go's whose members lie in an object of ours without a type of their own.
template <const StructType& Type>
constexpr Field part(std::string_view name) {
    return {name, [](const void* object) { return Value(StructValue{&Type, object}); }};
}

/// A pointer that is nil where `is_given` says so.
template <auto Member, bool (*IsGiven)(const typename MemberOf<Member>::Object&)>
constexpr Field pointer(std::string_view name) {
    using Object = typename MemberOf<Member>::Object;
    return {name, [](const void* object) {
                const auto& holder = *static_cast<const Object*>(object);
                const auto& target = holder.*Member;
                const StructType& type = type_of(target);
                return IsGiven(holder) ? Value(StructValue{&type, &target, true})
                                       : Value(Nil{type.name});
            }};
}

/// The pointer to the tests that a package or subpackage may have.
template <typename T>
Value test_of(const void* object) {
    const std::optional<Test>& test = static_cast<const T*>(object)->test;
    return test ? Value(StructValue{&type_of(*test), &*test, true}) : Value(Nil{"config.Test"});
}

}  // namespace quern::recipe::go
