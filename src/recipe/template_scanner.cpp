// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/template_scanner.hpp"

#include "recipe/go_format.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace quern::recipe::go {

namespace {

constexpr std::string_view open_mark = "{{";
constexpr std::string_view close_mark = "}}";
constexpr std::string_view white_space = " \t\r\n";

bool is_space(char c) {
    return white_space.find(c) != std::string_view::npos;
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
/// Bytes of other scripts are letters here: Go allows them in names, and no name of ours has them.
bool is_name_byte(char c) {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::optional<unsigned> hex_digit(char c) {
    if (is_digit(c)) {
        return static_cast<unsigned>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a') + 10)
                                        : std::nullopt;
}

/// The number of `count` digits to a base at `at`, which moves behind them.
std::optional<char32_t> read_digits(
    std::string_view body, std::size_t& at, std::size_t count, unsigned base
) {
    char32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at) {
        const auto digit = at < body.size() ? hex_digit(body[at]) : std::nullopt;
        if (!digit || *digit >= base) {
            return std::nullopt;
        }
        value = value * base + *digit;
    }
    return value;
}

/// Appends the escape behind a backslash at `at`. False if Go has no such escape.
bool append_escape(std::string& out, std::string_view body, std::size_t& at, char quote_mark) {
    constexpr std::string_view letters = "abfnrtv\\";
    constexpr std::string_view values = "\a\b\f\n\r\t\v\\";
    const char letter = at < body.size() ? body[at++] : '\0';
    if (const std::size_t i = letters.find(letter); i != std::string_view::npos) {
        out += values[i];
        return true;
    }
    if (letter == quote_mark && letter != '\0') {
        out += letter;
        return true;
    }
    if (letter == 'x' || (letter >= '0' && letter <= '7')) {
        at -= letter == 'x' ? 0 : 1;
        const auto byte =
            letter == 'x' ? read_digits(body, at, 2, 16) : read_digits(body, at, 3, 8);
        out += static_cast<char>(byte.value_or(0));
        return byte && *byte <= 0xFF;
    }
    if (letter == 'u' || letter == 'U') {
        const auto point = read_digits(body, at, letter == 'u' ? 4 : 8, 16);
        if (!point || *point > 0x10FFFF || (*point >= 0xD800 && *point < 0xE000)) {
            return false;
        }
        append_utf8(out, *point);
        return true;
    }
    return false;
}

/// The text between quotes.
std::optional<std::string> unescape(std::string_view body, char quote_mark) {
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        const char c = body[at++];
        if (c != '\\') {
            out += c;
        } else if (!append_escape(out, body, at, quote_mark)) {
            return std::nullopt;
        }
    }
    return out;
}

/// Go's integers: decimal, 0x, 0o, 0b, 0 for octal, `_` between digits.
std::optional<std::int64_t> parse_integer(std::string digits) {
    const bool is_negative = digits.starts_with('-');
    digits.erase(0, is_negative || digits.starts_with('+') ? 1 : 0);
    int base = 10;
    if (digits.size() > 1 && digits[0] == '0') {
        const char mark = static_cast<char>(digits[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        digits.erase(0, mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
    }
    std::erase(digits, '_');
    std::uint64_t magnitude = 0;
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, magnitude, base);
    constexpr std::uint64_t limit = std::uint64_t{1} << 63U;
    if (read.ec != std::errc() || read.ptr != end || magnitude > limit - (is_negative ? 0 : 1)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(is_negative ? ~magnitude + 1 : magnitude);
}

std::optional<double> parse_real(std::string digits) {
    const bool has_sign = digits.starts_with('+');
    std::erase(digits, '_');
    double value = 0;
    const char* begin = digits.data() + (has_sign ? 1 : 0);
    const char* end = digits.data() + digits.size();
    const bool is_hex = digits.find_first_of("xX") != std::string::npos;
    const char* digits_begin = is_hex ? digits.data() + digits.find_first_of("xX") + 1 : begin;
    const auto format = is_hex ? std::chars_format::hex : std::chars_format::general;
    const auto read = std::from_chars(digits_begin, end, value, format);
    if (read.ec != std::errc() || read.ptr != end) {
        return std::nullopt;
    }
    return is_hex && digits.starts_with('-') ? -value : value;
}

}  // namespace

Token Scanner::make(Token::Kind kind, std::size_t begin) const {
    Token token;
    token.kind = kind;
    token.text = text_.substr(begin, at_ - begin);
    token.has_space_before = had_space_;
    token.begin = begin;
    token.length = at_ - begin;
    return token;
}

Token Scanner::fail(std::size_t begin, std::string message) {
    Token token = make(Token::Kind::failure, begin);
    token.message = std::move(message);
    at_ = text_.size();
    in_action_ = false;
    return token;
}

Token Scanner::next() {
    return in_action_ ? inside() : outside();
}

bool Scanner::skip_comment(std::size_t after_open, Token& failure) {
    const std::size_t end = text_.find("*/", after_open + 2);
    if (end == std::string_view::npos) {
        failure = fail(after_open, "a comment without its end '*/'");
        return false;
    }
    at_ = end + 2;
    if (!take_close()) {
        failure = fail(after_open, "a comment has an action of its own: '}}' must follow '*/'");
        return false;
    }
    return true;
}

Token Scanner::outside() {
    while (at_ < text_.size()) {
        std::size_t begin = at_;
        const std::size_t open = std::min(text_.find(open_mark, at_), text_.size());
        std::size_t end = open;
        std::size_t inner = open + open_mark.size();
        const bool trims =
            inner + 1 < text_.size() && text_[inner] == '-' && is_space(text_[inner + 1]);
        while (trims && end > begin && is_space(text_[end - 1])) {
            --end;
        }
        while (trims_next_ && begin < end && is_space(text_[begin])) {
            ++begin;
        }
        if (begin < end) {
            at_ = end;
            trims_next_ = false;
            Token token = make(Token::Kind::text, begin);
            at_ = open;
            return token;
        }
        if (open == text_.size()) {
            at_ = open;
            break;
        }
        trims_next_ = false;
        at_ = inner + (trims ? 2 : 0);
        if (!starts_with("/*")) {
            in_action_ = true;
            had_space_ = true;
            return inside();
        }
        Token failure;
        if (!skip_comment(at_, failure)) {
            return failure;
        }
    }
    return make(Token::Kind::end_of_template, at_);
}

/// `}}` or ` -}}`, which trims the text behind it.
bool Scanner::take_close() {
    const bool trims = at_ + 1 < text_.size() && is_space(text_[at_]) && text_[at_ + 1] == '-' &&
                       text_.substr(at_ + 2).starts_with(close_mark);
    if (!trims && !starts_with(close_mark)) {
        return false;
    }
    at_ += close_mark.size() + (trims ? 2 : 0);
    in_action_ = false;
    trims_next_ = trims;
    return true;
}

Token Scanner::inside() {
    had_space_ = false;
    std::size_t begin = at_;
    while (!take_close()) {
        if (at_ >= text_.size()) {
            return fail(at_, "the action is not closed: '}}' is missing");
        }
        if (!is_space(text_[at_])) {
            break;
        }
        had_space_ = true;
        begin = ++at_;
    }
    if (!in_action_) {
        return make(Token::Kind::close, begin);
    }
    const char c = text_[at_];
    const char following = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    ++at_;
    if (c == '"' || c == '`') {
        return string_token(begin);
    }
    if (c == '\'') {
        return character_token(begin);
    }
    if (is_digit(c) || c == '+' || c == '-' || (c == '.' && is_digit(following))) {
        return number_token(begin);
    }
    if (c == '$' || is_name_byte(c)) {
        return word_token(begin, c == '$' ? Token::Kind::variable : Token::Kind::word);
    }
    if (c == '.') {
        return is_name_byte(following) ? word_token(begin, Token::Kind::field)
                                       : make(Token::Kind::dot, begin);
    }
    if (c == ':' && following == '=') {
        ++at_;
        return make(Token::Kind::symbol, begin);
    }
    if (std::string_view("=|(),").find(c) != std::string_view::npos) {
        return make(Token::Kind::symbol, begin);
    }
    return fail(begin, "this character means nothing in an action");
}

Token Scanner::word_token(std::size_t begin, Token::Kind kind) {
    while (at_ < text_.size() && is_name_byte(text_[at_])) {
        ++at_;
    }
    Token token = make(kind, begin);
    if (kind == Token::Kind::field) {
        token.text.remove_prefix(1);
    }
    return token;
}

Token Scanner::string_token(std::size_t begin) {
    const char mark = text_[begin];
    while (at_ < text_.size() && text_[at_] != mark) {
        if (mark == '"' && text_[at_] == '\n') {
            break;
        }
        at_ += mark == '"' && text_[at_] == '\\' ? 2U : 1U;
    }
    if (at_ >= text_.size() || text_[at_] != mark) {
        at_ = std::min(at_, text_.size());
        return fail(begin, "the text is not closed");
    }
    const std::string_view body = text_.substr(begin + 1, at_ - begin - 1);
    ++at_;
    Token token = make(Token::Kind::constant, begin);
    if (mark == '`') {
        token.constant = Value::borrowed(body);
        return token;
    }
    auto text = unescape(body, '"');
    if (!text) {
        return fail(begin, "the text has an escape that Go does not know");
    }
    token.constant = Value::owned(std::move(*text));
    return token;
}

Token Scanner::character_token(std::size_t begin) {
    while (at_ < text_.size() && text_[at_] != '\'' && text_[at_] != '\n') {
        at_ += text_[at_] == '\\' ? 2U : 1U;
    }
    if (at_ >= text_.size() || text_[at_] != '\'') {
        at_ = std::min(at_, text_.size());
        return fail(begin, "the character is not closed");
    }
    const auto text = unescape(text_.substr(begin + 1, at_ - begin - 1), '\'');
    ++at_;
    const CodePoint point = text && !text->empty() ? code_point_at(*text, 0) : CodePoint{};
    if (point.length == 0 || point.length != text->size()) {
        return fail(begin, "one character belongs between single quotes");
    }
    Token token = make(Token::Kind::constant, begin);
    token.constant = Value(std::int64_t{point.value});
    return token;
}

Token Scanner::number_token(std::size_t begin) {
    while (at_ < text_.size()) {
        const char c = text_[at_];
        const char before = static_cast<char>(text_[at_ - 1] | 0x20);
        const bool is_exponent_sign = (c == '+' || c == '-') && (before == 'e' || before == 'p');
        if (!is_name_byte(c) && c != '.' && !is_exponent_sign) {
            break;
        }
        ++at_;
    }
    Token token = make(Token::Kind::constant, begin);
    const std::string digits(token.text);
    if (digits.ends_with('i')) {
        return fail(begin, fmt::format("complex numbers such as '{}' are not supported", digits));
    }
    if (const auto integer = parse_integer(digits)) {
        token.constant = Value(*integer);
    } else if (const auto real = parse_real(digits)) {
        token.constant = Value(*real);
    } else {
        return fail(begin, fmt::format("'{}' is no number that fits", digits));
    }
    return token;
}

}  // namespace quern::recipe::go
