// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Inputs may refer to their siblings, to inputs of the nodes above and to any other variable. An
// own input wins over an inherited one of the same name, except in its own value: `x:
// ${{inputs.x}}` hands down what the parent has. Siblings are resolved in the order of their
// dependence.
#include "pipeline/inputs.hpp"

#include "recipe/variables.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace quern::pipeline {

namespace {

constexpr std::string_view prefix = "inputs.";
/// Inputs that refer to each other in a longer row than this are refused.
constexpr int max_chain = 100;

struct Checksum {
    std::string_view input;
    std::size_t digits;
};
constexpr Checksum checksums[] = {
    {"expected-sha256", 64},
    {"expected-sha512", 128},
    {"expected-commit", 40},
};

bool is_hexadecimal(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

void check_checksum(
    const std::string& name, const std::string& value, Span where, Diagnostics& diagnostics
) {
    const auto* rule =
        std::find_if(std::begin(checksums), std::end(checksums), [&](const Checksum& c) {
            return c.input == name;
        });
    if (rule == std::end(checksums) || value.empty()) {
        return;
    }
    if (value.size() != rule->digits) {
        diagnostics.error(
            "bad-checksum",
            fmt::format("checksum input '{}' has an invalid length of {}", name, value.size()),
            where,
            fmt::format("it has {} hexadecimal digits", rule->digits)
        );
    } else if (!is_hexadecimal(value)) {
        diagnostics.error(
            "bad-checksum",
            fmt::format("checksum input '{}' contains invalid characters", name),
            where,
            fmt::format("it has {} hexadecimal digits", rule->digits)
        );
    }
}

void check_names(const InputRequest& request, Diagnostics& diagnostics) {
    for (const auto& [name, text] : request.with) {
        if (request.declared.contains(name)) {
            continue;
        }
        std::vector<std::string_view> known;
        for (const auto& [declared, input] : request.declared) {
            known.push_back(declared);
        }
        const std::string_view near = nearest(name, known);
        diagnostics.error(
            "unknown-input",
            fmt::format(
                "undefined input '{}' to pipeline '{}'",
                printable(name),
                printable(request.pipeline)
            ),
            yaml::key_before(name, text.where),
            known.empty()  ? "it takes no inputs"
            : near.empty() ? fmt::format("it takes: {}", fmt::join(known, ", "))
                           : fmt::format("did you mean '{}'?", near)
        );
    }
}

/// The inputs as given, with defaults for what is missing or empty.
recipe::TextMap with_defaults(const InputRequest& request, Diagnostics& diagnostics) {
    recipe::TextMap effective;
    for (const auto& [name, input] : request.declared) {
        const auto given = request.with.find(name);
        recipe::Text text{{}, request.uses};
        if (given != request.with.end()) {
            text = given->second;
        }
        if (text.is_empty() && input.default_value) {
            text = *input.default_value;
        }
        if (text.is_empty() && input.required) {
            diagnostics.error(
                "missing-input",
                fmt::format(
                    "required input '{}' of pipeline '{}' is missing",
                    name,
                    printable(request.pipeline)
                ),
                given != request.with.end() ? given->second.where : request.uses,
                input.description.empty()
                    ? fmt::format("give it in 'with'")
                    : fmt::format("give it in 'with': {}", trim(input.description))
            );
        }
        effective.emplace(name, std::move(text));
    }
    return effective;
}

class Resolver {
 public:
    Resolver(const recipe::TextMap& inputs, VariableStack& variables, Diagnostics& diagnostics)
        : inputs_(inputs), variables_(variables), diagnostics_(diagnostics) {}

    std::map<std::string, std::string, std::less<>> run() {
        for (const auto& [name, text] : inputs_) {
            resolve(name, text, 0);
        }
        return std::move(values_);
    }

 private:
    bool is_resolved(const std::string& name) const { return values_.contains(name); }

    void resolve(const std::string& name, const recipe::Text& text, int depth) {
        if (failed_ || is_resolved(name)) {
            return;
        }
        const bool fresh = open_.insert(name).second;
        if (!fresh || depth == max_chain) {
            diagnostics_.error(
                "input-cycle",
                fmt::format("input '{}' depends on itself", printable(name)),
                text.where
            );
            failed_ = true;
            return;
        }
        for (const recipe::Reference& reference : recipe::find_references(text.value)) {
            if (!reference.name.starts_with(prefix)) {
                continue;
            }
            const auto sibling = inputs_.find(reference.name.substr(prefix.size()));
            if (sibling != inputs_.end() && sibling->first != name) {
                resolve(sibling->first, sibling->second, depth + 1);
            }
        }
        finish(name, text);
    }

    void finish(const std::string& name, const recipe::Text& text) {
        if (failed_) {
            return;
        }
        auto value = recipe::substitute(text, variables_.all(), diagnostics_);
        if (value && value->find("${{") != std::string::npos && *value != text.value) {
            // A variable whose own text holds a variable: one more pass, as in melange.
            value =
                recipe::substitute({std::move(*value), text.where}, variables_.all(), diagnostics_);
        }
        std::string result = value ? std::move(*value) : std::string();
        check_checksum(name, result, text.where, diagnostics_);
        variables_.set(std::string(prefix) + name, result);
        values_.emplace(name, std::move(result));
    }

    const recipe::TextMap& inputs_;
    VariableStack& variables_;
    Diagnostics& diagnostics_;
    bool failed_ = false;
    std::set<std::string, std::less<>> open_;
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace

std::optional<std::map<std::string, std::string, std::less<>>> resolve_inputs(
    const InputRequest& request, VariableStack& variables, Diagnostics& diagnostics
) {
    const std::size_t errors = diagnostics.error_count();
    check_names(request, diagnostics);
    const recipe::TextMap effective = with_defaults(request, diagnostics);
    auto values = Resolver(effective, variables, diagnostics).run();
    if (diagnostics.error_count() != errors) {
        return std::nullopt;
    }
    return values;
}

}  // namespace quern::pipeline
