// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Recursive descent over the scanner's tokens, one token ahead. The first mistake ends the parse:
// what follows it would be guesses.
#include "recipe/query.hpp"
#include "recipe/template_functions.hpp"
#include "recipe/template_scanner.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::recipe::go {

namespace {

constexpr int max_levels = 500;

/// What ended a list of nodes.
enum class End : std::uint8_t { template_end, end, else_ };

class Parser {
 public:
    Parser(const SourceFile& file, Diagnostics& diagnostics)
        : file_(file), diagnostics_(diagnostics), scanner_(file.text()) {
        advance();
    }

    std::optional<Template> run() {
        const End end = list(result_.root);
        if (end != End::template_end) {
            fail(end_word_, fmt::format("'{}' without anything to end", end_word_.text));
        }
        return failed_ ? std::nullopt : std::optional(std::move(result_));
    }

 private:
    using Kind = Token::Kind;

    End list(NodeList& into);
    void action(NodeList& into);
    void control(NodeList& into, TemplateNode::Kind kind);
    void branches(TemplateNode& node, std::string_view keyword);
    void else_branch(TemplateNode& node, std::string_view keyword);
    void jump(NodeList& into, TemplateNode::Kind kind);
    void run_template(NodeList& into, bool is_block);
    void definition();
    NodeList definition_body(const Token& keyword);
    void add_definition(const Token& keyword, const std::string& name, NodeList body);
    std::string template_name(const Token& keyword);
    Pipeline pipeline(std::string_view after, bool is_range);
    void declaration(Pipeline& pipeline, bool is_range);
    Command command(bool is_first);
    Operand operand();
    void word_operand(Operand& operand, const Token& word);
    void check_variable(const Token& variable);

    void advance() {
        token_ = following_;
        if (!has_following_) {
            token_ = scanner_.next();
        }
        has_following_ = false;
        if (token_.kind == Kind::failure) {
            fail(token_, token_.message);
        }
    }
    /// The token behind the current one.
    const Token& peek() {
        if (!has_following_) {
            following_ = scanner_.next();
            has_following_ = true;
        }
        return following_;
    }
    Token take() {
        Token token = token_;
        advance();
        return token;
    }
    bool at(Kind kind) const { return !failed_ && token_.kind == kind; }
    bool at_symbol(std::string_view symbol) const {
        return at(Kind::symbol) && token_.text == symbol;
    }
    bool at_word(std::string_view word) const { return at(Kind::word) && token_.text == word; }
    void unexpected(std::string_view after) {
        fail(
            token_,
            token_.kind == Kind::close ? fmt::format("something is missing behind '{}'", after)
                                       : fmt::format("unexpected '{}'", token_.text)
        );
    }
    void expect_close(std::string_view after) {
        if (at(Kind::close)) {
            advance();
        } else {
            unexpected(after);
        }
    }
    Span span(const Token& token) const { return {&file_, token.begin, token.length}; }
    void fail(const Token& token, const std::string& message, std::string help = {}) {
        fail(span(token), message, std::move(help));
    }
    void fail(Span where, const std::string& message, std::string help = {}) {
        if (!failed_) {
            failed_ = true;
            diagnostics_.error("bad-template", printable(message), where, std::move(help));
        }
    }
    bool enter() {
        if (++level_ > max_levels && !failed_) {
            failed_ = true;
            diagnostics_.error(
                "template-limit", "the template goes deeper than 500 levels", span(token_)
            );
        }
        return !failed_;
    }

    const SourceFile& file_;
    Diagnostics& diagnostics_;
    Scanner scanner_;
    Token token_;
    Token following_;
    Token end_word_;
    Template result_;
    std::vector<std::string_view> variables_ = {"$"};
    int level_ = 0;
    int ranges_ = 0;
    bool has_following_ = false;
    bool failed_ = false;
};

End Parser::list(NodeList& into) {
    while (!failed_ && !at(Kind::end_of_template)) {
        if (at(Kind::text)) {
            TemplateNode text;
            text.text = take().text;
            into.push_back(std::move(text));
        } else if (at_word("end") || at_word("else")) {
            end_word_ = take();
            if (end_word_.text == "end") {
                expect_close("end");
            }
            return end_word_.text == "end" ? End::end : End::else_;
        } else {
            action(into);
        }
    }
    return End::template_end;
}

void Parser::action(NodeList& into) {
    using Node = TemplateNode::Kind;
    static constexpr std::array controls = {
        std::pair{std::string_view("if"), Node::if_},
        std::pair{std::string_view("range"), Node::range},
        std::pair{std::string_view("with"), Node::with},
    };
    for (const auto& [word, kind] : controls) {
        if (at_word(word)) {
            control(into, kind);
            return;
        }
    }
    if (at_word("break") || at_word("continue")) {
        jump(into, token_.text == "break" ? Node::break_ : Node::continue_);
    } else if (at_word("template") || at_word("block")) {
        run_template(into, token_.text == "block");
    } else if (at_word("define")) {
        definition();
    } else {
        TemplateNode node;
        node.kind = Node::action;
        node.where = span(token_);
        node.pipeline = pipeline("{{", false);
        expect_close("{{");
        into.push_back(std::move(node));
    }
}

/// `if`, `range`, `with` up to their `end`. Variables of the head are known in the branches only.
void Parser::control(NodeList& into, TemplateNode::Kind kind) {
    const std::size_t known = variables_.size();
    const std::string_view keyword = token_.text;
    TemplateNode node;
    node.kind = kind;
    node.where = span(token_);
    if (!enter()) {
        return;
    }
    advance();
    node.pipeline = pipeline(keyword, kind == TemplateNode::Kind::range);
    expect_close(keyword);
    branches(node, keyword);
    --level_;
    variables_.resize(known);
    into.push_back(std::move(node));
}

void Parser::branches(TemplateNode& node, std::string_view keyword) {
    const bool is_range = node.kind == TemplateNode::Kind::range;
    ranges_ += is_range ? 1 : 0;
    const std::size_t known = variables_.size();
    End end = list(node.list);
    ranges_ -= is_range ? 1 : 0;
    variables_.resize(known);
    if (end == End::else_) {
        else_branch(node, keyword);
        return;
    }
    if (end == End::template_end) {
        fail(node.where, fmt::format("'{}' without its end", keyword), "add {{ end }}");
    }
}

/// Behind the word `else`: `}}` and the list, or a further `if` or `with`, whose end is ours.
void Parser::else_branch(TemplateNode& node, std::string_view keyword) {
    const Token word = end_word_;
    if ((keyword == "if" && at_word("if")) || (keyword == "with" && at_word("with"))) {
        control(node.else_list, node.kind);
        return;
    }
    expect_close("else");
    const End end = list(node.else_list);
    if (end == End::else_) {
        fail(end_word_, fmt::format("a second 'else' for one '{}'", keyword));
    } else if (end == End::template_end) {
        fail(word, "'else' without its end", "add {{ end }}");
    }
}

void Parser::jump(NodeList& into, TemplateNode::Kind kind) {
    const Token word = take();
    if (ranges_ == 0) {
        fail(word, fmt::format("'{}' outside of a range", word.text));
    }
    expect_close(word.text);
    TemplateNode node;
    node.kind = kind;
    node.where = span(word);
    into.push_back(std::move(node));
}

std::string Parser::template_name(const Token& keyword) {
    const auto name = at(Kind::constant) ? token_.constant.text() : std::nullopt;
    if (!name) {
        fail(token_, fmt::format("'{}' wants the template's name in quotes", keyword.text));
        return {};
    }
    std::string copy(*name);
    advance();
    return copy;
}

void Parser::run_template(NodeList& into, bool is_block) {
    TemplateNode node;
    node.kind = TemplateNode::Kind::template_;
    node.where = span(token_);
    const Token keyword = take();
    node.name = template_name(keyword);
    if (is_block || !at(Kind::close)) {
        node.pipeline = pipeline(keyword.text, false);
    }
    expect_close(keyword.text);
    if (is_block && !failed_) {
        add_definition(keyword, node.name, definition_body(keyword));
    }
    into.push_back(std::move(node));
}

void Parser::definition() {
    const Token keyword = take();
    if (level_ != 0) {
        fail(keyword, "'define' belongs at the top of the template");
    }
    const std::string name = template_name(keyword);
    expect_close("define");
    add_definition(keyword, name, definition_body(keyword));
}

/// A template of its own: of the variables around it, it knows none.
NodeList Parser::definition_body(const Token& keyword) {
    NodeList body;
    if (!enter()) {
        return body;
    }
    std::vector<std::string_view> outer = {"$"};
    std::swap(outer, variables_);
    const int outer_ranges = std::exchange(ranges_, 0);
    const End end = list(body);
    if (end == End::else_) {
        fail(end_word_, fmt::format("'else' belongs to no 'if' in this '{}'", keyword.text));
    } else if (end == End::template_end) {
        fail(keyword, fmt::format("'{}' without its end", keyword.text), "add {{ end }}");
    }
    ranges_ = outer_ranges;
    std::swap(outer, variables_);
    --level_;
    return body;
}

void Parser::add_definition(const Token& keyword, const std::string& name, NodeList body) {
    const auto is_blank = [](const NodeList& list) {
        return std::all_of(list.begin(), list.end(), [](const TemplateNode& node) {
            return node.kind == TemplateNode::Kind::text && trim(node.text).empty();
        });
    };
    const auto found = result_.definitions.find(name);
    if (found == result_.definitions.end() || is_blank(found->second)) {
        result_.definitions.insert_or_assign(name, std::move(body));
    } else if (!is_blank(body)) {
        fail(keyword, fmt::format("the template '{}' is defined twice", name));
    }
}

Pipeline Parser::pipeline(std::string_view after, bool is_range) {
    Pipeline pipeline;
    const std::size_t begin = token_.begin;
    if (!enter()) {
        return pipeline;
    }
    declaration(pipeline, is_range);
    while (!failed_) {
        if (at(Kind::close) || at_symbol(")")) {
            break;
        }
        pipeline.commands.push_back(command(pipeline.commands.empty()));
        if (!at_symbol("|")) {
            break;
        }
        const Token bar = take();
        if (at(Kind::close) || at_symbol(")")) {
            fail(bar, "something is missing behind '|'");
        }
    }
    if (pipeline.commands.empty()) {
        unexpected(after);
    }
    pipeline.where = {&file_, begin, std::max(token_.begin, begin + 1) - begin};
    --level_;
    return pipeline;
}

/// `$v :=`, `$v =`, in a range `$i, $v :=` too.
void Parser::declaration(Pipeline& pipeline, bool is_range) {
    if (!at(Kind::variable)) {
        return;
    }
    const Token& behind = peek();
    if (behind.kind != Kind::symbol ||
        (behind.text != ":=" && behind.text != "=" && !(is_range && behind.text == ","))) {
        return;
    }
    std::vector<Token> names = {take()};
    if (at_symbol(",")) {
        advance();
        if (!at(Kind::variable)) {
            unexpected(",");
        }
        names.push_back(take());
    }
    pipeline.is_assignment = at_symbol("=");
    if (!at_symbol(":=") && !pipeline.is_assignment) {
        fail(token_, "':=' is missing behind the variables");
    }
    advance();
    for (const Token& name : names) {
        pipeline.variables.push_back(name.text);
        if (pipeline.is_assignment) {
            check_variable(name);
        } else {
            variables_.push_back(name.text);
        }
    }
}

void Parser::check_variable(const Token& variable) {
    if (std::find(variables_.begin(), variables_.end(), variable.text) == variables_.end()) {
        fail(
            variable,
            fmt::format("unknown variable '{}'", variable.text),
            fmt::format("declare it first: {{{{ {} := … }}}}", variable.text)
        );
    }
}

Command Parser::command(bool is_first) {
    Command command;
    command.where = span(token_);
    while (!failed_ && !at(Kind::close) && !at_symbol("|") && !at_symbol(")")) {
        if (!command.operands.empty() && !token_.has_space_before) {
            fail(token_, fmt::format("a space is missing in front of '{}'", token_.text));
        }
        command.operands.push_back(operand());
    }
    if (command.operands.empty()) {
        unexpected("|");
        return command;
    }
    const Operand& word = command.operands.front();
    const bool is_value = word.kind == Operand::Kind::constant || word.kind == Operand::Kind::nil ||
                          (word.kind == Operand::Kind::dot && word.fields.empty());
    if (word.kind == Operand::Kind::nil) {
        fail(word.where, "'nil' does nothing here");
    } else if (is_value && !is_first) {
        fail(word.where, "only functions belong behind '|'");
    }
    return command;
}

Operand Parser::operand() {
    Operand operand;
    operand.where = span(token_);
    const Token first = take();
    using Of = Operand::Kind;
    switch (first.kind) {
        case Kind::dot:
            break;
        case Kind::field:
            operand.fields.push_back({first.text, span(first)});
            break;
        case Kind::variable:
            operand.kind = Of::variable;
            operand.name = first.text;
            check_variable(first);
            break;
        case Kind::constant:
            operand.kind = Of::constant;
            operand.constant = first.constant;
            break;
        case Kind::word:
            word_operand(operand, first);
            break;
        default:
            if (first.kind != Kind::symbol || first.text != "(") {
                fail(first, fmt::format("unexpected '{}'", first.text));
                return operand;
            }
            operand.kind = Of::pipeline;
            operand.pipeline = std::make_unique<Pipeline>(pipeline("(", false));
            if (!at_symbol(")")) {
                fail(first, "the parenthesis is not closed");
            }
            advance();
    }
    while (at(Kind::field) && !token_.has_space_before) {
        if (operand.kind == Of::constant || operand.kind == Of::nil || first.kind == Kind::dot) {
            fail(token_, "only values with fields may be followed by '.'");
        }
        operand.fields.push_back({token_.text, span(token_)});
        operand.where.length = token_.begin + token_.length - operand.where.begin;
        advance();
    }
    return operand;
}

void Parser::word_operand(Operand& operand, const Token& word) {
    operand.kind = Operand::Kind::constant;
    if (word.text == "true" || word.text == "false") {
        operand.constant = Value(word.text == "true");
    } else if (word.text == "nil") {
        operand.kind = Operand::Kind::nil;
    } else if (word.text == "call") {
        fail(word, "'call' is not supported: a recipe holds no functions");
    } else if (find_function(word.text) != nullptr) {
        operand.kind = Operand::Kind::function;
        operand.name = word.text;
    } else {
        const auto names = function_names();
        const std::string_view near = nearest(word.text, names);
        fail(
            word,
            fmt::format("there is no function '{}'", word.text),
            near.empty() ? fmt::format("functions: {}", fmt::join(names, " "))
                         : fmt::format("did you mean '{}'?", near)
        );
    }
}

}  // namespace

std::optional<Template> parse_template(const SourceFile& text, Diagnostics& diagnostics) {
    return Parser(text, diagnostics).run();
}

}  // namespace quern::recipe::go
