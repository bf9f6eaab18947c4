// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/advice.hpp"

#include "recipe/variables.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>

namespace quern::pipeline {

namespace {

using recipe::PipelineNode;

constexpr std::string_view inputs_prefix = "inputs.";

/// The first line of the file that begins with the key.
Span key_in(const SourceFile& file, std::string_view key) {
    for (std::uint32_t number = 1; number <= file.line_count(); ++number) {
        const std::string_view line = file.line(number);
        const std::string_view words = trim(line);
        if (words.starts_with(key) && words.substr(key.size()).starts_with(':')) {
            const std::size_t indent = line.find(words);
            return {&file, file.line_start(number) + indent, key.size()};
        }
    }
    return {&file, 0, 0};
}

class Adviser {
 public:
    Adviser(Library& library, Diagnostics& diagnostics)
        : library_(library), diagnostics_(diagnostics) {}

    /// The definitions that the nodes use, and those that these use.
    void check_definitions(const std::vector<PipelineNode>& nodes) {
        for (const PipelineNode& node : nodes) {
            check_definitions(node.pipeline);
            if (!node.uses.is_empty() && node.pipeline.empty() &&
                seen_.insert(node.uses.value).second) {
                Diagnostics known;  // told by compiling
                const auto* definition = library_.find(node.uses.value, node.uses.where, known);
                if (definition != nullptr && !definition->built_in) {
                    check_inputs(node.uses.value, *definition);
                    check_definitions(definition->node.pipeline);
                }
            }
        }
    }

    void check_steps(const std::vector<PackagePlan>& packages) {
        for (const PackagePlan& package : packages) {
            for (const Step& step : package.steps) {
                check_source(step);
            }
        }
    }

 private:
    void check_inputs(const std::string& name, const Library::Definition& definition) {
        std::set<std::string_view> used;
        for (const recipe::Reference& reference :
             recipe::find_references(definition.file->text())) {
            if (reference.name.starts_with(inputs_prefix)) {
                used.insert(reference.name.substr(inputs_prefix.size()));
            }
        }
        for (const auto& [input, declared] : definition.node.inputs) {
            if (!used.contains(input)) {
                diagnostics_.warning(
                    "unused-input",
                    fmt::format(
                        "the input '{}' of pipeline '{}' is not used",
                        printable(input),
                        printable(name)
                    ),
                    key_in(*definition.file, input)
                );
            }
        }
    }

    void check_source(const Step& step) {
        const auto is_empty = [&step](std::string_view input) {
            const auto found = step.inputs.find(input);
            return found == step.inputs.end() || found->second.empty();
        };
        const Span where = step.origin.empty() ? Span{} : step.origin.back();
        if (step.native == "fetch" && is_empty("expected-sha256") && is_empty("expected-sha512")) {
            const bool is_refused = is_empty("expected-none");
            Diagnostic diagnostic;
            diagnostic.severity = is_refused ? Severity::error : Severity::warning;
            diagnostic.id = "missing-checksum";
            diagnostic.message = "this file is fetched without a checksum";
            diagnostic.where = where;
            diagnostic.help = is_refused
                                  ? "give expected-sha256 or expected-sha512; the build refuses to "
                                    "fetch without one of them or expected-none"
                                  : "give expected-sha256 or expected-sha512";
            diagnostics_.add(std::move(diagnostic));
        }
        if (step.native == "git-checkout" && is_empty("expected-commit")) {
            diagnostics_.warning(
                "missing-checksum",
                "this repository is checked out without an expected commit",
                where,
                "give expected-commit: tags and branches can be moved"
            );
        }
    }

    Library& library_;
    Diagnostics& diagnostics_;
    std::set<std::string> seen_;
};

}  // namespace

void advise(
    const recipe::Recipe& written,
    const Compiled& compiled,
    Library& library,
    Diagnostics& diagnostics
) {
    Adviser adviser(library, diagnostics);
    adviser.check_definitions(written.pipeline);
    if (written.test) {
        adviser.check_definitions(written.test->pipeline);
    }
    for (const recipe::Subpackage& subpackage : written.subpackages) {
        adviser.check_definitions(subpackage.pipeline);
        if (subpackage.test) {
            adviser.check_definitions(subpackage.test->pipeline);
        }
    }
    adviser.check_steps(compiled.plan.packages);
    adviser.check_steps(compiled.plan.tests);
}

}  // namespace quern::pipeline
