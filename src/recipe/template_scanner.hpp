// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/source_file.hpp"
#include "recipe/template_value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quern::recipe::go {

struct Token {
    enum class Kind : std::uint8_t {
        end_of_template,
        text,      ///< outside of actions
        close,     ///< `}}`
        word,      ///< a function, a keyword, true, false or nil
        field,     ///< `.Name`; the text is the name
        dot,       ///< `.` alone
        variable,  ///< `$` or `$name`
        constant,  ///< a number, a character or a text
        symbol,    ///< `:=` `=` `|` `(` `)` `,`
        failure,   ///< no token; the message says why
    };
    Kind kind = Kind::end_of_template;
    std::string_view text;
    Value constant;
    bool has_space_before = false;
    std::string message;
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// Cuts a template into texts and the tokens of its actions. Comments and trim markers are gone.
/// Source: Go documentation, package text/template.
class Scanner {
 public:
    explicit Scanner(std::string_view text) : text_(text) {}
    Token next();

 private:
    Token outside();
    Token inside();
    Token string_token(std::size_t begin);
    Token character_token(std::size_t begin);
    Token number_token(std::size_t begin);
    Token word_token(std::size_t begin, Token::Kind kind);
    bool skip_comment(std::size_t after_open, Token& failure);
    bool take_close();
    bool starts_with(std::string_view prefix) const {
        return text_.substr(at_).starts_with(prefix);
    }
    Token make(Token::Kind kind, std::size_t begin) const;
    Token fail(std::size_t begin, std::string message);

    std::string_view text_;
    std::size_t at_ = 0;
    bool in_action_ = false;
    bool trims_next_ = false;
    bool had_space_ = false;
};

}  // namespace quern::recipe::go
