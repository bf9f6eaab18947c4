// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// One recursive descent that evaluates while it parses: `&&` and `||` have the same rank and group
// from the left, and both of their sides are always read, so nothing is gained by a tree. A
// variable is a value: what it holds is compared and never parsed.
#include "recipe/condition.hpp"

#include "recipe/variables.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

namespace quern::recipe {

namespace {

constexpr int max_depth = 100;

class Parser {
 public:
    /// Without `variables` only the grammar is checked, and every variable is empty.
    Parser(const Text& condition, const Variables* variables, Diagnostics& diagnostics)
        : condition_(condition),
          text_(condition.value),
          variables_(variables),
          diagnostics_(diagnostics) {}

    std::optional<bool> run() {
        const bool value = expression(0);
        skip_space();
        if (!failed_ && at_ < text_.size()) {
            fail(
                at_,
                text_[at_] == ')' ? "this ')' closes nothing" : "expected '&&', '||' or the end"
            );
        }
        return failed_ || unknown_ ? std::nullopt : std::optional(value);
    }

 private:
    void skip_space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }

    bool take(std::string_view token) {
        skip_space();
        if (!text_.substr(at_).starts_with(token)) {
            return false;
        }
        at_ += token.size();
        return true;
    }

    bool expression(int depth) {
        bool value = atom(depth);
        while (!failed_) {
            if (take("&&")) {
                const bool right = atom(depth);
                value = value && right;
            } else if (take("||")) {
                const bool right = atom(depth);
                value = value || right;
            } else {
                break;
            }
        }
        return value;
    }

    bool atom(int depth) {
        if (failed_) {
            return false;
        }
        const std::size_t begin = at_;
        if (!take("(")) {
            return comparison();
        }
        if (depth == max_depth) {
            fail(begin, "parentheses are nested over 100 deep");
            return false;
        }
        const bool value = expression(depth + 1);
        if (!failed_ && !take(")")) {
            fail(at_, at_ < text_.size() ? "expected '&&', '||' or ')'" : "a ')' is missing");
        }
        return value;
    }

    bool comparison() {
        const std::string left = operand();
        if (failed_) {
            return false;
        }
        const bool equal = take("==");
        if (!equal && !take("!=")) {
            fail(at_, "expected '==' or '!='");
            return false;
        }
        const std::string right = operand();
        return (left == right) == equal;
    }

    std::string operand() {
        skip_space();
        if (at_ == text_.size()) {
            fail(at_, "the condition ends where a value is expected");
            return {};
        }
        if (text_[at_] == '\'' || text_[at_] == '"') {
            return quoted();
        }
        if (text_.substr(at_).starts_with("${{")) {
            return variable();
        }
        fail(at_, "expected a quoted text or a variable");
        return {};
    }

    std::string quoted() {
        const std::size_t begin = at_;
        const char quote = text_[at_++];
        std::string value;
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                append_escape(value, text_[at_ + 1]);
                at_ += 2;
            } else {
                value += text_[at_++];
            }
        }
        if (at_ == text_.size()) {
            fail(begin, "this quote is not closed");
            return {};
        }
        ++at_;
        return value;
    }

    static void append_escape(std::string& value, char c) {
        switch (c) {
            case 'n':
                value += '\n';
                break;
            case 't':
                value += '\t';
                break;
            case '\\':
            case '\'':
            case '"':
                value += c;
                break;
            default:
                value.append({'\\', c});
        }
    }

    std::string variable() {
        const Reference reference = read_reference(text_, at_);
        if (reference.state != Reference::State::complete) {
            const bool empty = reference.state == Reference::State::empty;
            fail(at_, empty ? "empty variable name" : "unterminated variable reference");
            return {};
        }
        at_ = reference.begin + reference.length;
        if (variables_ == nullptr) {
            return {};
        }
        if (const auto found = variables_->find(reference.name); found != variables_->end()) {
            return found->second;
        }
        unknown_ = true;
        report_unknown_variable(condition_, reference, *variables_, nullptr, diagnostics_);
        return {};
    }

    void fail(std::size_t offset, std::string_view problem) {
        failed_ = true;
        const std::size_t length =
            std::min<std::size_t>(std::max<std::size_t>(word_length(offset), 1), 40);
        diagnostics_.error(
            "bad-condition",
            fmt::format("bad condition in 'if': {}{}", problem, found_there(offset)),
            yaml::place_in_scalar(condition_.where, condition_.value, offset, length),
            "write '${{name}} == \"value\"'; texts need quotes; '&&' and '||' have the same rank: "
            "use parentheses"
        );
    }

    std::size_t word_length(std::size_t offset) const {
        const std::size_t end = text_.find_first_of(" \t\r\n()", offset);
        return std::min(end, text_.size()) - std::min(offset, text_.size());
    }

    std::string found_there(std::size_t offset) const {
        const std::string_view word = text_.substr(
            std::min(offset, text_.size()), std::min<std::size_t>(word_length(offset), 40)
        );
        return word.empty() ? std::string() : fmt::format(", got '{}'", printable(word));
    }

    const Text& condition_;
    std::string_view text_;
    const Variables* variables_;
    Diagnostics& diagnostics_;
    std::size_t at_ = 0;
    bool failed_ = false;
    bool unknown_ = false;
};

}  // namespace

std::optional<bool> evaluate(
    const Text& condition, const Variables& variables, Diagnostics& diagnostics
) {
    if (trim(condition.value).empty()) {
        return true;
    }
    return Parser(condition, &variables, diagnostics).run();
}

bool check_condition(const Text& condition, Diagnostics& diagnostics) {
    if (trim(condition.value).empty()) {
        return true;
    }
    return Parser(condition, nullptr, diagnostics).run().has_value();
}

}  // namespace quern::recipe
