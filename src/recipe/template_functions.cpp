// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The functions of Go's templates. Messages are short: the runner puts the function's name in
// front. Source: Go documentation, package text/template, Functions.
#include "recipe/template_functions.hpp"

#include "recipe/go_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>

namespace quern::recipe::go {

namespace {

using Arguments = std::span<const Value>;

Error wrong(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// Numbers, texts and truth values by what they can be compared with.
enum class Basic : std::uint8_t { none, truth, number, real, text };

Basic basic_kind(const Value& value) {
    if (value.as<bool>() != nullptr) {
        return Basic::truth;
    }
    if (value.as<std::int64_t>() != nullptr || value.as<std::uint64_t>() != nullptr ||
        value.as<std::chrono::nanoseconds>() != nullptr) {
        return Basic::number;
    }
    return value.as<double>() != nullptr ? Basic::real : value.text() ? Basic::text : Basic::none;
}

bool is_negative(const Value& value) {
    const auto* number = value.as<std::int64_t>();
    const auto* duration = value.as<std::chrono::nanoseconds>();
    return (number != nullptr && *number < 0) || (duration != nullptr && duration->count() < 0);
}

/// As 64 bits of two's complement.
std::uint64_t bits(const Value& value) {
    if (const auto* number = value.as<std::int64_t>()) {
        return static_cast<std::uint64_t>(*number);
    }
    if (const auto* duration = value.as<std::chrono::nanoseconds>()) {
        return static_cast<std::uint64_t>(duration->count());
    }
    return held(value.as<std::uint64_t>());
}

/// Of two values of one basic kind.
std::partial_ordering compare(const Value& a, const Value& b) {
    switch (basic_kind(a)) {
        case Basic::truth:
            return held(a.as<bool>()) <=> held(b.as<bool>());
        case Basic::number:
            if (is_negative(a) != is_negative(b)) {
                return is_negative(a) ? std::partial_ordering::less
                                      : std::partial_ordering::greater;
            }
            return bits(a) <=> bits(b);
        case Basic::real:
            return held(a.as<double>()) <=> held(b.as<double>());
        case Basic::text:
            return *a.text() <=> *b.text();
        case Basic::none:
            break;
    }
    return std::partial_ordering::unordered;
}

bool is_nothing(const Value& value) {
    return value.is_missing() || value.as<Nil>() != nullptr;
}

Result<bool> equal(const Value& a, const Value& b) {
    const Basic kind = basic_kind(a);
    if (kind != basic_kind(b)) {
        if (is_nothing(a) || is_nothing(b)) {
            return false;
        }
        return wrong(fmt::format("a {} and a {} cannot be compared", a.type_name(), b.type_name()));
    }
    if (kind != Basic::none) {
        return compare(a, b) == std::partial_ordering::equivalent;
    }
    if (is_nothing(a) || is_nothing(b)) {
        return is_nothing(a) == is_nothing(b);
    }
    return wrong(fmt::format("a {} cannot be compared", a.type_name()));
}

Result<Value> eq(Arguments arguments) {
    for (const Value& other : arguments.subspan(1)) {
        QUERN_TRY(const bool is_equal, equal(arguments[0], other));
        if (is_equal) {
            return Value(true);
        }
    }
    return Value(false);
}

Result<Value> ne(Arguments arguments) {
    QUERN_TRY(const bool is_equal, equal(arguments[0], arguments[1]));
    return Value(!is_equal);
}

Result<std::partial_ordering> order(Arguments arguments) {
    const Basic kind = basic_kind(arguments[0]);
    for (const Value& value : arguments) {
        if (basic_kind(value) == Basic::none || basic_kind(value) == Basic::truth) {
            return wrong(fmt::format("a {} has no order", value.type_name()));
        }
    }
    if (kind != basic_kind(arguments[1])) {
        return wrong(fmt::format(
            "a {} and a {} cannot be compared", arguments[0].type_name(), arguments[1].type_name()
        ));
    }
    return compare(arguments[0], arguments[1]);
}

template <bool (*Holds)(std::partial_ordering)>
Result<Value> ordered(Arguments arguments) {
    QUERN_TRY(const std::partial_ordering found, order(arguments));
    return Value(Holds(found));
}
Result<Value> not_(Arguments arguments) {
    return Value(!arguments[0].is_true());
}

Result<Value> len(Arguments arguments) {
    const Value& value = arguments[0];
    std::size_t size = 0;
    if (const auto text = value.text()) {
        size = text->size();
    } else if (const auto* list = value.as<ListValue>()) {
        size = list->size();
    } else if (const auto* map = value.as<MapValue>()) {
        size = map->type->size(map->object);
    } else {
        return wrong(fmt::format("a {} has no length", value.type_name()));
    }
    return Value(static_cast<std::int64_t>(size));
}

/// A position from 0 to `limit`.
Result<std::size_t> position(const Value& index, std::size_t limit) {
    const bool is_number =
        index.as<std::int64_t>() != nullptr || index.as<std::uint64_t>() != nullptr;
    if (!is_number) {
        return wrong(fmt::format("a {} is no index", index.type_name()));
    }
    if (is_negative(index) || bits(index) > limit) {
        QUERN_TRY(const std::string number, print(index));
        return wrong(fmt::format("the index {} is out of range", number));
    }
    return static_cast<std::size_t>(bits(index));
}

Result<Value> index_one(const Value& value, const Value& index) {
    if (const auto* map = value.as<MapValue>()) {
        const auto key = index.text();
        if (!key) {
            return wrong(fmt::format("a {} is no key of a map", index.type_name()));
        }
        return map->type->find(map->object, *key).value_or(map->type->zero());
    }
    const auto* list = value.as<ListValue>();
    const auto text = value.text();
    if (list == nullptr && !text) {
        return wrong(fmt::format("a {} has no members", value.type_name()));
    }
    const std::size_t size = text ? text->size() : list->size();
    QUERN_TRY(const std::size_t at, position(index, size));
    if (at == size) {
        return wrong(fmt::format("the index {} is out of range", at));
    }
    if (text) {
        return Value(std::uint64_t{static_cast<unsigned char>((*text)[at])});
    }
    return list->type->item(list->object, list->begin + at);
}

Result<Value> index(Arguments arguments) {
    Value value = arguments[0];
    for (const Value& at : arguments.subspan(1)) {
        QUERN_TRY(value, index_one(value, at));
    }
    return value;
}

Result<Value> slice(Arguments arguments) {
    const auto text = arguments[0].text();
    const auto* list = arguments[0].as<ListValue>();
    if (!text && list == nullptr) {
        return wrong(fmt::format("a {} cannot be cut", arguments[0].type_name()));
    }
    if (text && arguments.size() > 3) {
        return wrong("a text takes two positions only");
    }
    const std::size_t size = text ? text->size() : list->size();
    std::array<std::size_t, 3> at = {0, size, size};
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        QUERN_TRY(at[i - 1], position(arguments[i], size));
    }
    if (at[0] > at[1] || at[1] > at[2]) {
        return wrong(fmt::format("the positions {} and {} are in the wrong order", at[0], at[1]));
    }
    if (text) {
        TextValue cut = held(arguments[0].as<TextValue>());
        cut.text = cut.text.substr(at[0], at[1] - at[0]);
        return Value(cut);
    }
    return Value(ListValue{list->type, list->object, list->begin + at[0], list->begin + at[1]});
}

Result<Value> print_(Arguments arguments) {
    QUERN_TRY(std::string text, print(arguments));
    return Value::owned(std::move(text));
}
Result<Value> println_(Arguments arguments) {
    QUERN_TRY(std::string text, println(arguments));
    return Value::owned(std::move(text));
}
Result<Value> printf_(Arguments arguments) {
    const auto format = arguments[0].text();
    if (!format) {
        return wrong(fmt::format("the format is a {}, not a text", arguments[0].type_name()));
    }
    QUERN_TRY(std::string text, printf(*format, arguments.subspan(1)));
    return Value::owned(std::move(text));
}

/// `escape` writes one code point, whose bytes are `bytes`.
template <void (*Escape)(std::string& out, char32_t point, std::string_view bytes)>
Result<Value> escaped(Arguments arguments) {
    const bool is_missing = arguments.size() == 1 && arguments[0].is_missing();
    QUERN_TRY(
        const std::string text, is_missing ? Result<std::string>("<no value>") : print(arguments)
    );
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        Escape(out, point.value, std::string_view(text).substr(at, point.length));
        at += point.length;
    }
    if (out.size() > max_print_bytes) {
        return Error(ErrorCode::limit, "the text grows over 16 MiB");
    }
    return Value::owned(std::move(out));
}

void escape_html(std::string& out, char32_t point, std::string_view bytes) {
    switch (point) {
        case U'\0':
            out += "\uFFFD";
            break;
        case U'"':
            out += "&#34;";
            break;
        case U'\'':
            out += "&#39;";
            break;
        case U'&':
            out += "&amp;";
            break;
        case U'<':
            out += "&lt;";
            break;
        case U'>':
            out += "&gt;";
            break;
        default:
            out += bytes;
    }
}

void escape_js(std::string& out, char32_t point, std::string_view bytes) {
    constexpr std::u32string_view by_number = U"<>&=";
    if (point == U'\\' || point == U'\'' || point == U'"') {
        out += '\\';
        out += bytes;
    } else if (point < 0x20 || by_number.find(point) != std::u32string_view::npos || (point >= 0x7F && point <= 0xA0) || point == 0x2028 || point == 0x2029) {
        out += fmt::format("\\u{:04X}", static_cast<unsigned>(point));
    } else {
        out += bytes;
    }
}

void escape_query(std::string& out, char32_t point, std::string_view bytes) {
    const bool is_plain = (point >= U'0' && point <= U'9') || (point >= U'a' && point <= U'z') ||
                          (point >= U'A' && point <= U'Z') || point == U'-' || point == U'_' ||
                          point == U'.' || point == U'~';
    if (is_plain) {
        out += bytes;
        return;
    }
    if (point == U' ') {
        out += '+';
        return;
    }
    for (const char c : bytes) {
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
}

constexpr std::size_t many = 1'000'000;

constexpr std::array functions = {
    FunctionEntry{"and", 1, many, nullptr},
    FunctionEntry{"eq", 2, many, eq},
    FunctionEntry{"ge", 2, 2, ordered<std::is_gteq>},
    FunctionEntry{"gt", 2, 2, ordered<std::is_gt>},
    FunctionEntry{"html", 0, many, escaped<escape_html>},
    FunctionEntry{"index", 1, many, index},
    FunctionEntry{"js", 0, many, escaped<escape_js>},
    FunctionEntry{"le", 2, 2, ordered<std::is_lteq>},
    FunctionEntry{"len", 1, 1, len},
    FunctionEntry{"lt", 2, 2, ordered<std::is_lt>},
    FunctionEntry{"ne", 2, 2, ne},
    FunctionEntry{"not", 1, 1, not_},
    FunctionEntry{"or", 1, many, nullptr},
    FunctionEntry{"print", 0, many, print_},
    FunctionEntry{"printf", 1, many, printf_},
    FunctionEntry{"println", 0, many, println_},
    FunctionEntry{"slice", 1, 4, slice},
    FunctionEntry{"urlquery", 0, many, escaped<escape_query>},
};

}  // namespace

const FunctionEntry* find_function(std::string_view name) {
    const auto* found =
        std::find_if(functions.begin(), functions.end(), [name](const FunctionEntry& entry) {
            return entry.name == name;
        });
    return found == functions.end() ? nullptr : found;
}

std::vector<std::string_view> function_names() {
    std::vector<std::string_view> names;
    for (const FunctionEntry& entry : functions) {
        names.push_back(entry.name);
    }
    return names;
}

}  // namespace quern::recipe::go
