// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/source_file.hpp"
#include "recipe/template_value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A query template after parsing. Texts and places are of its source file, which must outlive it.
namespace quern::recipe::go {

struct Pipeline;

struct FieldName {
    std::string_view name;
    Span where;
};

/// One word of a command, with the fields that follow it: `.Package.Name`, `$v`, `(len .X)`, "a".
struct Operand {
    enum class Kind : std::uint8_t { dot, variable, function, pipeline, constant, nil };
    Kind kind = Kind::dot;
    std::string_view name;  ///< of a variable, with its `$`, or of a function
    std::vector<FieldName> fields;
    Value constant;
    std::unique_ptr<Pipeline> pipeline;
    Span where;
};

struct Command {
    std::vector<Operand> operands;  ///< never empty
    Span where;
};

/// Commands of which each gets the result of the one before as its last argument.
struct Pipeline {
    std::vector<std::string_view> variables;  ///< `$i, $v` in front of `:=` or `=`
    bool is_assignment = false;               ///< `=`
    std::vector<Command> commands;
    Span where;
};

struct TemplateNode;
using NodeList = std::vector<TemplateNode>;

struct TemplateNode {
    enum class Kind : std::uint8_t { text, action, if_, range, with, template_, break_, continue_ };
    Kind kind = Kind::text;
    std::string_view text;  ///< of a text
    std::string name;       ///< of the template to be run
    Pipeline pipeline;      ///< without commands in a `template` without argument
    NodeList list;
    NodeList else_list;
    Span where;
};

struct Template {
    NodeList root;
    std::map<std::string, NodeList, std::less<>> definitions;
};

}  // namespace quern::recipe::go
