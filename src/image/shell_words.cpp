// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/shell_words.hpp"

#include <cstddef>

namespace quern::image {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Takes one word apart; `at` is moved behind it.
class WordReader {
 public:
    WordReader(std::string_view text, std::size_t& at) : text_(text), at_(at) {}

    std::optional<std::string> read() {
        while (at_ < text_.size() && blanks.find(text_[at_]) == std::string_view::npos) {
            const char letter = text_[at_++];
            if (letter == '\\') {
                if (!take_escaped()) {
                    return std::nullopt;
                }
            } else if (letter == '\'' || letter == '"') {
                if (!take_quoted(letter)) {
                    return std::nullopt;
                }
            } else {
                word_ += letter;
            }
        }
        return std::move(word_);
    }

 private:
    bool take_escaped() {
        if (at_ == text_.size()) {
            return false;
        }
        word_ += text_[at_++];
        return true;
    }

    // In double quotes a backslash is itself, unless it stands before `"`, `\`, `$` or a backtick.
    bool take_quoted(char quote) {
        while (at_ < text_.size()) {
            const char letter = text_[at_++];
            if (letter == quote) {
                return true;
            }
            const bool escapes =
                quote == '"' && letter == '\\' && at_ < text_.size() &&
                std::string_view("\"\\$`").find(text_[at_]) != std::string_view::npos;
            word_ += escapes ? text_[at_++] : letter;
        }
        return false;
    }

    std::string_view text_;
    std::size_t& at_;
    std::string word_;
};

}  // namespace

std::optional<std::vector<std::string>> split_shell_words(std::string_view text) {
    std::vector<std::string> words;
    std::size_t at = 0;
    for (;;) {
        at = text.find_first_not_of(blanks, at);
        if (at == std::string_view::npos) {
            return words;
        }
        if (text[at] == '#') {
            at = text.find('\n', at);
            continue;
        }
        auto word = WordReader(text, at).read();
        if (!word) {
            return std::nullopt;
        }
        words.push_back(std::move(*word));
    }
}

}  // namespace quern::image
