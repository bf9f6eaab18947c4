// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Printer writes one value by one verb, going through lists, maps and structs with the same verb.
// Once its text is over the limit it stops, so a small template cannot make a large text.
#include "recipe/go_format.hpp"

#include "recipe/duration.hpp"
#include "recipe/go_scalars.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe::go {

namespace {

/// Source: Go's fmt gives up on wider fields.
constexpr std::size_t max_width = 1'000'000;

class Printer {
 public:
    void value(const Value& value, char verb, const FormatFlags& flags, bool is_nested = false);
    void text(std::string_view text) {
        if (out_.size() + text.size() > max_print_bytes) {
            is_over_ = true;
        } else {
            out_ += text;
        }
    }
    void unsupported(std::string what) { unsupported_ = std::move(what); }

    Result<std::string> take() {
        if (!unsupported_.empty()) {
            return Error(ErrorCode::unsupported, fmt::format("{} is not supported", unsupported_));
        }
        if (is_over_) {
            return Error(ErrorCode::limit, "the text grows over 16 MiB");
        }
        return std::move(out_);
    }

 private:
    struct Request {
        char verb;
        const FormatFlags& flags;
        bool is_nested;
    };

    /// `%+v` names fields; it does not sign numbers.
    static FormatFlags number_flags(const Request& request) {
        FormatFlags flags = request.flags;
        flags.plus = flags.plus && request.verb != 'v';
        return flags;
    }

    void put(const Missing&, const Request& request) { nil(request); }
    void put(const Nil& nil_value, const Request& request) {
        if (request.verb == 'v') {
            text(pad("<nil>", request.flags));
        } else {
            text(fmt::format("%!{}(*{}=<nil>)", request.verb, nil_value.type));
        }
    }
    void put(bool value, const Request& request) {
        scalar(format_truth(value, request.verb, request.flags), Value(value), request);
    }
    void put(std::int64_t value, const Request& request) {
        const auto bits = static_cast<std::uint64_t>(value);
        const std::uint64_t magnitude = value < 0 ? ~bits + 1 : bits;
        scalar(
            format_integer(magnitude, value < 0, request.verb, number_flags(request)),
            Value(value),
            request
        );
    }
    void put(std::uint64_t value, const Request& request) {
        scalar(
            format_integer(value, false, request.verb, number_flags(request)), Value(value), request
        );
    }
    void put(double value, const Request& request) {
        scalar(format_real(value, request.verb, number_flags(request)), Value(value), request);
    }
    void put(std::chrono::nanoseconds value, const Request& request) {
        if (request.verb == 'd') {
            put(std::int64_t{value.count()}, request);
        } else {
            const std::string spelled = to_string(value);
            scalar(format_text(spelled, request.verb, request.flags), Value(value), request);
        }
    }
    void put(const TextValue& value, const Request& request) {
        scalar(format_text(value.text, request.verb, request.flags), Value(value), request);
    }
    void put(const ListValue& list, const Request& request);
    void put(const MapValue& map, const Request& request);
    void put(const StructValue& object, const Request& request);

    void nil(const Request& request) {
        text(
            request.verb == 'v' ? pad("<nil>", request.flags)
                                : fmt::format("%!{}(<nil>)", request.verb)
        );
    }
    void scalar(
        const std::optional<std::string>& formatted, const Value& value, const Request& request
    ) {
        if (formatted) {
            text(*formatted);
        } else {
            text(fmt::format("%!{}({}=", request.verb, value.type_name()));
            this->value(value, 'v', {});
            text(")");
        }
    }
    bool refuses(std::string_view what, const Request& request) {
        if (request.flags.sharp && request.verb == 'v') {
            unsupported(fmt::format("%#v of a {}", what));
        }
        return is_over_ || !unsupported_.empty();
    }

    std::string out_;
    std::string unsupported_;
    bool is_over_ = false;
};

void Printer::value(const Value& value, char verb, const FormatFlags& flags, bool is_nested) {
    if (!is_over_) {
        std::visit(
            [&](const auto& held) {
                put(held, Request{verb, flags, is_nested});
            },
            value.variant()
        );
    }
}

void Printer::put(const ListValue& list, const Request& request) {
    text("[");
    for (std::size_t i = list.begin; i < list.end && !refuses("list", request); ++i) {
        text(i == list.begin ? "" : " ");
        value(list.type->item(list.object, i), request.verb, request.flags, true);
    }
    text("]");
}

void Printer::put(const MapValue& map, const Request& request) {
    text("map[");
    std::string_view separator;
    for (const auto& [key, entry] : map.type->entries(map.object)) {
        if (refuses("map", request)) {
            return;
        }
        text(separator);
        value(Value::borrowed(key), request.verb, request.flags, true);
        text(":");
        value(entry, request.verb, request.flags, true);
        separator = " ";
    }
    text("]");
}

void Printer::put(const StructValue& object, const Request& request) {
    text(object.is_pointer && request.is_nested ? "&{" : "{");
    std::string_view separator;
    for (const StructType::Field& field : object.type->fields) {
        if (refuses("struct", request)) {
            return;
        }
        text(separator);
        if (request.flags.plus && request.verb == 'v') {
            text(fmt::format("{}:", field.name));
        }
        value(field.read(object.object), request.verb, request.flags, true);
        separator = " ";
    }
    text("}");
}

/// Reads a format and feeds a Printer.
class Formatter {
 public:
    Formatter(std::string_view format, std::span<const Value> values)
        : format_(format), values_(values) {}

    Result<std::string> run() {
        while (at_ < format_.size()) {
            const std::size_t percent = std::min(format_.find('%', at_), format_.size());
            printer_.text(format_.substr(at_, percent - at_));
            at_ = percent + 1;
            if (percent < format_.size()) {
                directive();
            }
        }
        tell_extra();
        return printer_.take();
    }

 private:
    void directive() {
        FormatFlags flags = read_flags();
        read_index();
        flags.width = read_number(flags);
        if (at_ < format_.size() && format_[at_] == '.') {
            ++at_;
            read_index();
            FormatFlags ignored;
            flags.precision = read_number(ignored).value_or(0);
        }
        read_index();
        if (at_ >= format_.size()) {
            printer_.text("%!(NOVERB)");
            return;
        }
        const CodePoint verb = code_point_at(format_, at_);
        const std::string_view name = format_.substr(at_, verb.length);
        at_ += verb.length;
        print(name, flags);
    }

    void print(std::string_view verb, const FormatFlags& flags) {
        if (verb == "%") {
            printer_.text("%");
        } else if (bad_index_) {
            printer_.text(fmt::format("%!{}(BADINDEX)", verb));
        } else if (next_ >= values_.size()) {
            printer_.text(fmt::format("%!{}(MISSING)", verb));
        } else if (verb == "T") {
            printer_.text(pad(values_[next_++].type_name(), flags));
        } else if (verb == "p" || verb.size() > 1) {
            printer_.unsupported(fmt::format("%{}", verb));
        } else {
            printer_.value(values_[next_++], verb.front(), flags);
        }
        bad_index_ = false;
    }

    FormatFlags read_flags() {
        FormatFlags flags;
        for (; at_ < format_.size(); ++at_) {
            switch (format_[at_]) {
                case '+':
                    flags.plus = true;
                    break;
                case '-':
                    flags.minus = true;
                    flags.zero = false;
                    break;
                case '#':
                    flags.sharp = true;
                    break;
                case ' ':
                    flags.space = true;
                    break;
                case '0':
                    flags.zero = !flags.minus;
                    break;
                default:
                    return flags;
            }
        }
        return flags;
    }

    std::optional<std::size_t> read_digits() {
        const std::size_t begin = at_;
        std::size_t number = 0;
        while (at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9') {
            number =
                std::min(number * 10 + static_cast<std::size_t>(format_[at_] - '0'), max_width);
            ++at_;
        }
        return at_ == begin ? std::nullopt : std::optional(number);
    }

    /// Digits, or `*` for the next operand; a negative one sets `-`.
    std::optional<std::size_t> read_number(FormatFlags& flags) {
        if (at_ >= format_.size() || format_[at_] != '*') {
            return read_digits();
        }
        ++at_;
        const auto* number = next_ < values_.size() ? values_[next_].as<std::int64_t>() : nullptr;
        next_ += next_ < values_.size() ? 1U : 0U;
        if (number == nullptr) {
            printer_.text("%!(BADWIDTH)");
            return std::nullopt;
        }
        flags.minus = flags.minus || *number < 0;
        const auto magnitude = static_cast<std::uint64_t>(*number < 0 ? -(*number + 1) : *number);
        return std::min<std::size_t>(magnitude + (*number < 0 ? 1U : 0U), max_width);
    }

    /// `[n]` chooses the operand.
    void read_index() {
        if (at_ >= format_.size() || format_[at_] != '[') {
            return;
        }
        ++at_;
        const auto index = read_digits();
        const bool is_closed = at_ < format_.size() && format_[at_] == ']';
        at_ += is_closed ? 1 : 0;
        was_reordered_ = true;
        bad_index_ = !is_closed || !index || *index == 0 || *index > values_.size();
        if (!bad_index_) {
            next_ = *index - 1;
        }
    }

    void tell_extra() {
        if (was_reordered_ || next_ >= values_.size()) {
            return;
        }
        printer_.text("%!(EXTRA ");
        for (std::size_t i = next_; i < values_.size(); ++i) {
            printer_.text(i == next_ ? "" : ", ");
            const Value& value = values_[i];
            if (value.is_missing()) {
                printer_.text("<nil>");
                continue;
            }
            printer_.text(value.type_name() + "=");
            printer_.value(value, 'v', {});
        }
        printer_.text(")");
    }

    std::string_view format_;
    std::span<const Value> values_;
    Printer printer_;
    std::size_t at_ = 0;
    std::size_t next_ = 0;
    bool bad_index_ = false;
    bool was_reordered_ = false;
};

}  // namespace

Result<std::string> print(const Value& value) {
    return print(std::span(&value, 1));
}

Result<std::string> print(std::span<const Value> values) {
    Printer printer;
    bool was_text = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool is_text = values[i].text().has_value();
        printer.text(i != 0 && !is_text && !was_text ? " " : "");
        printer.value(values[i], 'v', {});
        was_text = is_text;
    }
    return printer.take();
}

Result<std::string> println(std::span<const Value> values) {
    Printer printer;
    for (std::size_t i = 0; i < values.size(); ++i) {
        printer.text(i == 0 ? "" : " ");
        printer.value(values[i], 'v', {});
    }
    printer.text("\n");
    return printer.take();
}

Result<std::string> printf(std::string_view format, std::span<const Value> values) {
    return Formatter(format, values).run();
}

}  // namespace quern::recipe::go
