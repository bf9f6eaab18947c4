// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/lint.hpp"

#include "package/lint/lint.hpp"
#include "package/lint/report.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::build {
namespace {

bool names(const std::vector<recipe::Text>& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const recipe::Text& text) {
        return text.value.substr(0, text.value.find_first_of("=<>~")) == name;
    });
}

package::LintOptions lint_options(
    const Output& output, const std::vector<Output>& outputs, const PackContext& context
) {
    package::LintOptions options;
    options.sets = context.linters.without(*output.checks_disabled);
    options.test_pipelines = test_pipelines(output.test);
    options.source_date = context.options.source_date;
    for (const Output& other : outputs) {
        if (names(output.dependencies->replaces, other.name) ||
            names(other.dependencies->replaces, output.name)) {
            options.replaces.push_back(other.name);
        }
    }
    return options;
}

/// True if one of the findings fails the package.
bool report(
    const std::string& package,
    const std::vector<package::LintFinding>& findings,
    Reporter& reporter
) {
    bool fails = false;
    for (const package::LintFinding& finding : findings) {
        const bool is_required = finding.level == package::LintLevel::require;
        fails = fails || is_required;
        const auto rule = package::find_lint_rule(finding.rule);
        Diagnostic diagnostic;
        diagnostic.severity = is_required ? Severity::error : Severity::warning;
        diagnostic.id = finding.rule;
        diagnostic.message = fmt::format("{}: {}", package, to_string(finding));
        diagnostic.help = rule ? std::string(rule->mend) : std::string();
        reporter.diagnostic(diagnostic);
    }
    return fails;
}

Result<void> persist(
    const std::string& identity,
    const std::vector<package::LintFinding>& findings,
    const BuildOptions& options
) {
    QUERN_TRY(
        const FileTree directory,
        FileTree::create(options.out_directory / options.load.architecture)
    );
    const std::string name = fmt::format("lint-{}.json", identity);
    return write_file_atomically(
        options.out_directory / options.load.architecture / name,
        package::to_persisted_json({identity, identity, findings})
    );
}

void check_names(const std::vector<recipe::Text>& disabled, Diagnostics& diagnostics) {
    for (const recipe::Text& name : disabled) {
        if (package::find_lint_rule(name.value)) {
            continue;
        }
        std::vector<std::string_view> known;
        for (const package::LintRuleText& rule : package::lint_rules()) {
            known.push_back(rule.id);
        }
        const std::string_view near = nearest(name.value, known);
        diagnostics.error(
            "unknown-linter",
            fmt::format("unknown linter '{}'", printable(name.value)),
            name.where,
            near.empty() ? "`quern lint --rules` lists them"
                         : fmt::format("did you mean '{}'?", near)
        );
    }
}

}  // namespace

void check_disabled_linters(const recipe::Configuration& configuration, Diagnostics& diagnostics) {
    check_names(configuration.package.checks_disabled, diagnostics);
    for (const recipe::Subpackage& subpackage : configuration.subpackages) {
        check_names(subpackage.checks_disabled, diagnostics);
    }
}

std::vector<std::string> test_pipelines(const recipe::Test* test) {
    std::vector<std::string> names;
    if (test != nullptr) {
        for (const recipe::PipelineNode& node : test->pipeline) {
            names.push_back(node.uses.value);
        }
    }
    return names;
}

Result<void> lint_all(
    const std::vector<Output>& outputs,
    const std::vector<package::Subject>& subjects,
    const PackContext& context,
    const Services& services
) {
    const std::string version = context.configuration.package.full_version();
    std::vector<std::string> failed;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto findings =
            package::lint(subjects, i, lint_options(outputs[i], outputs, context));
        if (report(outputs[i].name, findings, services.reporter)) {
            failed.push_back(outputs[i].name);
        }
        if (context.options.persist_lint_results && !findings.empty()) {
            QUERN_CHECK(
                persist(fmt::format("{}-{}", outputs[i].name, version), findings, context.options)
            );
        }
    }
    if (!failed.empty()) {
        Error error(
            ErrorCode::invalid_recipe, fmt::format("unable to lint package {}", join(failed, ", "))
        );
        return std::move(error).help(
            "mend what the errors above say, or name the linter in `checks: {disabled: [...]}` of "
            "the package"
        );
    }
    return {};
}

}  // namespace quern::build
