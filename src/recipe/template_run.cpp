// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a parsed template over a configuration. Every step is counted, and every text that is made
// is counted as the steps that it is worth, so that neither loops nor recursion run on.
#include "quern/error.hpp"
#include "recipe/configuration_view.hpp"
#include "recipe/go_format.hpp"
#include "recipe/query.hpp"
#include "recipe/template_functions.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::recipe {

namespace go {

namespace {

constexpr std::size_t max_steps = 5'000'000;
constexpr std::size_t bytes_a_step = 64;
constexpr int max_levels = 1'000;

/// How the run of a list of nodes ended.
enum class Flow : std::uint8_t { on, break_, continue_, failed };

class Runner {
 public:
    Runner(const Template& parsed, const Value& root, Diagnostics& diagnostics)
        : template_(parsed), diagnostics_(diagnostics), variables_{{"$", root}} {}

    std::optional<std::string> run(const Value& root) {
        return list(template_.root, root) == Flow::failed ? std::nullopt
                                                          : std::optional(std::move(out_));
    }

 private:
    struct Variable {
        std::string_view name;
        Value value;
    };
    /// What a command works on: the dot, and the result of the command before it.
    struct Context {
        const Value& dot;
        const std::optional<Value>& last;
    };

    Flow list(const NodeList& nodes, const Value& dot);
    Flow node(const TemplateNode& node, const Value& dot);
    Flow branch(const TemplateNode& node, const Value& dot);
    Flow range(const TemplateNode& node, const Value& dot);
    Flow member(const TemplateNode& node, const Value& key, const Value& value);
    bool run_template(const TemplateNode& node, const Value& dot);
    bool output(const Value& value, Span where);

    std::optional<Value> pipeline(const Pipeline& pipeline, const Value& dot);
    std::optional<Value> command(const Command& command, const Context& context);
    std::optional<Value> base(const Operand& operand, const Value& dot);
    std::optional<Value> operand(const Operand& operand, const Value& dot);
    std::optional<Value> fields(Value value, const Operand& operand, bool has_arguments);
    std::optional<Value> field(const Value& value, const FieldName& field, bool has_arguments);
    std::optional<Value> struct_field(
        const StructValue& object, const FieldName& field, bool has_arguments
    );
    std::optional<Value> call(
        std::string_view name,
        const std::vector<const Operand*>& operands,
        const Context& context,
        Span where
    );
    std::optional<Value> choose(
        bool until, const std::vector<const Operand*>& operands, const Context& context
    );
    /// Null, after an error, if its declaration was passed over: `{{ and 0 ($x := 1) }}{{ $x }}`.
    Value* variable(std::string_view name, Span where) {
        const auto found =
            std::find_if(variables_.rbegin(), variables_.rend(), [name](const Variable& variable) {
                return variable.name == name;
            });
        if (found == variables_.rend()) {
            fail(where, fmt::format("the declaration of '{}' was passed over", name));
            return nullptr;
        }
        return &found->value;
    }

    std::nullopt_t fail(Span where, std::string message, std::string help = {}) {
        diagnostics_.error("template-failed", printable(message), where, std::move(help));
        return std::nullopt;
    }
    bool spend(std::size_t steps, Span where) {
        steps_ += steps;
        if (steps_ > max_steps || level_ > max_levels) {
            diagnostics_.error(
                "template-limit",
                level_ > max_levels ? "the template goes deeper than 1,000 levels"
                                    : "the template takes over 5 million steps",
                where
            );
            return false;
        }
        return true;
    }

    const Template& template_;
    Diagnostics& diagnostics_;
    std::vector<Variable> variables_;
    std::string out_;
    std::size_t steps_ = 0;
    int level_ = 0;
};

Flow Runner::list(const NodeList& nodes, const Value& dot) {
    const std::size_t known = variables_.size();
    Flow flow = Flow::on;
    ++level_;
    for (std::size_t i = 0; i < nodes.size() && flow == Flow::on; ++i) {
        flow = node(nodes[i], dot);
    }
    --level_;
    variables_.resize(known);
    return flow;
}

Flow Runner::node(const TemplateNode& node, const Value& dot) {
    using Kind = TemplateNode::Kind;
    if (!spend(1, node.where)) {
        return Flow::failed;
    }
    switch (node.kind) {
        case Kind::text:
            return output(Value::borrowed(node.text), node.where) ? Flow::on : Flow::failed;
        case Kind::action: {
            const auto value = pipeline(node.pipeline, dot);
            const bool is_silent = !node.pipeline.variables.empty();
            return value && (is_silent || output(*value, node.pipeline.where)) ? Flow::on
                                                                               : Flow::failed;
        }
        case Kind::if_:
        case Kind::with:
            return branch(node, dot);
        case Kind::range:
            return range(node, dot);
        case Kind::template_:
            return run_template(node, dot) ? Flow::on : Flow::failed;
        case Kind::break_:
            return Flow::break_;
        case Kind::continue_:
            return Flow::continue_;
    }
    return Flow::on;
}

bool Runner::output(const Value& value, Span where) {
    const auto text = value.is_missing() ? Result<std::string>("<no value>") : print(value);
    if (!text || out_.size() + text->size() > max_print_bytes) {
        diagnostics_.error("template-limit", "the output grows over 16 MiB", where);
        return false;
    }
    out_ += *text;
    return spend(text->size() / bytes_a_step, where);
}

Flow Runner::branch(const TemplateNode& node, const Value& dot) {
    const std::size_t known = variables_.size();
    const auto value = pipeline(node.pipeline, dot);
    if (!value) {
        return Flow::failed;
    }
    const bool is_with = node.kind == TemplateNode::Kind::with;
    const Flow flow =
        value->is_true() ? list(node.list, is_with ? *value : dot) : list(node.else_list, dot);
    variables_.resize(known);
    return flow;
}

Flow Runner::member(const TemplateNode& node, const Value& key, const Value& value) {
    const std::vector<std::string_view>& names = node.pipeline.variables;
    // From the last to the first: `$v`, then `$i`.
    const Value* given = &value;
    for (auto name = names.rbegin(); name != names.rend(); ++name, given = &key) {
        Value* const known = variable(*name, node.pipeline.where);
        if (known == nullptr) {
            return Flow::failed;
        }
        *known = *given;
    }
    return spend(1, node.where) ? list(node.list, value) : Flow::failed;
}

Flow Runner::range(const TemplateNode& node, const Value& dot) {
    const std::size_t known = variables_.size();
    const auto over = pipeline(node.pipeline, dot);
    if (!over) {
        return Flow::failed;
    }
    Flow flow = Flow::on;
    bool is_empty = true;
    const auto visit = [&](const Value& key, const Value& value) {
        is_empty = false;
        flow = member(node, key, value);
        return flow != Flow::break_ && flow != Flow::failed;
    };
    const auto count = [](std::size_t index) { return Value(static_cast<std::int64_t>(index)); };
    if (const auto* list = over->as<ListValue>()) {
        for (std::size_t i = 0; i < list->size(); ++i) {
            if (!visit(count(i), list->type->item(list->object, list->begin + i))) {
                break;
            }
        }
    } else if (const auto* map = over->as<MapValue>()) {
        if (!spend(map->type->size(map->object), node.where)) {
            return Flow::failed;
        }
        for (const auto& [key, value] : map->type->entries(map->object)) {
            if (!visit(Value::borrowed(key), value)) {
                break;
            }
        }
    } else if (const auto* number = over->as<std::int64_t>()) {
        for (std::int64_t i = 0; i < *number && visit(Value(i), Value(i)); ++i) {
        }
    } else if (!over->is_missing() && over->as<Nil>() == nullptr) {
        fail(
            node.pipeline.where, fmt::format("a {} has no members to range over", over->type_name())
        );
        return Flow::failed;
    }
    if (is_empty) {
        flow = list(node.else_list, dot);
    }
    variables_.resize(known);
    return is_empty || flow == Flow::failed ? flow : Flow::on;
}

bool Runner::run_template(const TemplateNode& node, const Value& dot) {
    const auto found = template_.definitions.find(node.name);
    if (found == template_.definitions.end()) {
        fail(node.where, fmt::format("there is no template '{}'", node.name));
        return false;
    }
    std::optional<Value> argument = Value();
    if (!node.pipeline.commands.empty()) {
        argument = pipeline(node.pipeline, dot);
    }
    if (!argument) {
        return false;
    }
    std::vector<Variable> outer = {{"$", *argument}};
    std::swap(outer, variables_);
    const bool is_good = spend(1, node.where) && list(found->second, *argument) != Flow::failed;
    std::swap(outer, variables_);
    return is_good;
}

std::optional<Value> Runner::pipeline(const Pipeline& pipeline, const Value& dot) {
    std::optional<Value> value;
    for (const Command& step : pipeline.commands) {
        std::optional<Value> result = command(step, Context{dot, value});
        if (!result) {
            return std::nullopt;
        }
        value = std::move(result);
    }
    for (const std::string_view name : pipeline.variables) {
        if (!pipeline.is_assignment) {
            variables_.push_back({name, *value});
        } else if (Value* const known = variable(name, pipeline.where)) {
            *known = *value;
        } else {
            return std::nullopt;
        }
    }
    return value;
}

std::optional<Value> Runner::command(const Command& command, const Context& context) {
    const Operand& word = command.operands.front();
    const bool has_arguments = command.operands.size() > 1 || context.last.has_value();
    if (!spend(command.operands.size(), command.where)) {
        return std::nullopt;
    }
    if (word.kind == Operand::Kind::function) {
        std::vector<const Operand*> operands;
        for (std::size_t i = 1; i < command.operands.size(); ++i) {
            operands.push_back(&command.operands[i]);
        }
        auto result = call(word.name, operands, context, word.where);
        return result ? fields(std::move(*result), word, false) : std::nullopt;
    }
    if (has_arguments && word.fields.empty()) {
        return fail(word.where, "only a function takes arguments");
    }
    auto value = base(word, context.dot);
    // A field with arguments is an error that names the field.
    return value ? fields(std::move(*value), word, has_arguments) : std::nullopt;
}

/// A word without the fields behind it.
std::optional<Value> Runner::base(const Operand& operand, const Value& dot) {
    switch (operand.kind) {
        case Operand::Kind::variable: {
            const Value* value = variable(operand.name, operand.where);
            return value == nullptr ? std::nullopt : std::optional(*value);
        }
        case Operand::Kind::constant:
            return operand.constant;
        case Operand::Kind::nil:
            return Value();
        case Operand::Kind::pipeline:
            return pipeline(*operand.pipeline, dot);
        case Operand::Kind::function:
            return call(operand.name, {}, Context{dot, std::nullopt}, operand.where);
        case Operand::Kind::dot:
            break;
    }
    return dot;
}

std::optional<Value> Runner::operand(const Operand& operand, const Value& dot) {
    auto value = base(operand, dot);
    return value ? fields(std::move(*value), operand, false) : std::nullopt;
}

std::optional<Value> Runner::fields(Value value, const Operand& operand, bool has_arguments) {
    for (const FieldName& name : operand.fields) {
        const bool is_last = &name == &operand.fields.back();
        auto inner = field(value, name, has_arguments && is_last);
        if (!inner) {
            return std::nullopt;
        }
        value = std::move(*inner);
    }
    return value;
}

std::optional<Value> Runner::field(const Value& value, const FieldName& field, bool has_arguments) {
    if (value.is_missing()) {
        return Value();
    }
    if (const auto* object = value.as<StructValue>()) {
        return struct_field(*object, field, has_arguments);
    }
    if (const auto* nil = value.as<Nil>()) {
        return fail(
            field.where,
            fmt::format(
                "the recipe says nothing of this {}, so it has no '{}'", nil->type, field.name
            ),
            "ask first: {{ with … }} or {{ if … }}"
        );
    }
    const auto* map = value.as<MapValue>();
    if (map == nullptr) {
        return fail(
            field.where, fmt::format("a {} has no field '{}'", value.type_name(), field.name)
        );
    }
    if (has_arguments) {
        return fail(field.where, fmt::format("'{}' takes no arguments", field.name));
    }
    return map->type->find(map->object, field.name).value_or(Value());
}

std::optional<Value> Runner::struct_field(
    const StructValue& object, const FieldName& field, bool has_arguments
) {
    std::vector<std::string_view> names;
    for (const auto& table : {object.type->methods, object.type->fields}) {
        for (const StructType::Field& known : table) {
            if (known.name != field.name) {
                names.push_back(known.name);
            } else if (has_arguments) {
                return fail(field.where, fmt::format("'{}' takes no arguments", field.name));
            } else {
                return known.read(object.object);
            }
        }
    }
    const std::string_view near = nearest(field.name, names);
    return fail(
        field.where,
        fmt::format("a {} has no field '{}'", object.type->name, field.name),
        near.empty() ? fmt::format("it has {}", fmt::join(names, " "))
                     : fmt::format("did you mean '{}'?", near)
    );
}

/// `and` and `or`: the first argument whose truth is `until`, else the last; those behind it are
/// not looked at.
std::optional<Value> Runner::choose(
    bool until, const std::vector<const Operand*>& operands, const Context& context
) {
    std::optional<Value> value;
    for (const Operand* word : operands) {
        value = operand(*word, context.dot);
        if (!value || value->is_true() == until) {
            return value;
        }
    }
    return context.last ? context.last : value;
}

std::optional<Value> Runner::call(
    std::string_view name,
    const std::vector<const Operand*>& operands,
    const Context& context,
    Span where
) {
    const FunctionEntry* function = find_function(name);
    QUERN_ASSERT(function != nullptr);  // the parser has looked
    const std::size_t count = operands.size() + (context.last ? 1 : 0);
    if (count < function->least || count > function->most) {
        return fail(
            where,
            fmt::format(
                "'{}' takes {}{} argument{}, not {}",
                name,
                function->least == function->most ? ""
                : count < function->least         ? "at least "
                                                  : "at most ",
                count < function->least ? function->least : function->most,
                (count < function->least ? function->least : function->most) == 1 ? "" : "s",
                count
            )
        );
    }
    if (function->call == nullptr) {
        return choose(name == "or", operands, context);
    }
    std::vector<Value> arguments;
    for (const Operand* word : operands) {
        auto value = operand(*word, context.dot);
        if (!value) {
            return std::nullopt;
        }
        arguments.push_back(std::move(*value));
    }
    if (context.last) {
        arguments.push_back(*context.last);
    }
    std::size_t bytes = 0;
    for (const Value& argument : arguments) {
        bytes += argument.text().value_or("").size();
    }
    auto result = function->call(arguments);
    if (!result) {
        return fail(where, fmt::format("'{}': {}", name, result.error().message()));
    }
    bytes += result->text().value_or("").size();
    return spend(bytes / bytes_a_step, where) ? std::optional(std::move(*result)) : std::nullopt;
}

}  // namespace

}  // namespace go

std::optional<std::string> query(
    const Configuration& configuration,
    const std::shared_ptr<const SourceFile>& text,
    Diagnostics& diagnostics
) {
    diagnostics.keep(text);
    const auto parsed = go::parse_template(*text, diagnostics);
    if (!parsed) {
        return std::nullopt;
    }
    const Value root = view_of(configuration);
    return go::Runner(*parsed, root, diagnostics).run(root);
}

}  // namespace quern::recipe
