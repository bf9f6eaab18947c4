// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/template_value.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace quern::recipe {

Value Value::owned(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *owner;
    return Value(TextValue{view, std::move(owner)});
}

std::optional<std::string_view> Value::text() const {
    const auto* value = as<TextValue>();
    return value == nullptr ? std::nullopt : std::optional(value->text);
}

bool Value::is_true() const {
    return std::visit(
        [](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, Missing> || std::is_same_v<T, Nil>) {
                return false;
            } else if constexpr (std::is_same_v<T, StructValue>) {
                return true;
            } else if constexpr (std::is_same_v<T, TextValue>) {
                return !value.text.empty();
            } else if constexpr (std::is_same_v<T, ListValue>) {
                return value.size() != 0;
            } else if constexpr (std::is_same_v<T, MapValue>) {
                return value.type->size(value.object) != 0;
            } else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) {
                return value.count() != 0;
            } else {
                return value != T{};
            }
        },
        value_
    );
}

std::string Value::type_name() const {
    return std::visit(
        [](const auto& value) -> std::string {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, Missing>) {
                return "<nil>";
            } else if constexpr (std::is_same_v<T, Nil>) {
                return std::string(value.type.empty() ? "nil" : value.type);
            } else if constexpr (std::is_same_v<T, bool>) {
                return "bool";
            } else if constexpr (std::is_same_v<T, std::int64_t>) {
                return "int";
            } else if constexpr (std::is_same_v<T, std::uint64_t>) {
                return "uint64";
            } else if constexpr (std::is_same_v<T, double>) {
                return "float64";
            } else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) {
                return "time.Duration";
            } else if constexpr (std::is_same_v<T, TextValue>) {
                return "string";
            } else if constexpr (std::is_same_v<T, StructValue>) {
                return fmt::format("{}{}", value.is_pointer ? "*" : "", value.type->name);
            } else {
                return std::string(value.type->name);
            }
        },
        value_
    );
}

}  // namespace quern::recipe
