// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/lint.hpp"
#include "build/metadata.hpp"
#include "cli/command.hpp"
#include "cli/package_argument.hpp"
#include "cli/terminal.hpp"
#include "package/lint/lint.hpp"
#include "package/lint/report.hpp"
#include "support/atomic_file.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace quern::cli {
namespace {

struct LintFlags {
    std::vector<std::string> targets, lint_require, lint_warn;
    std::string out_directory = "packages";
    bool persist = false, sarif = false, rules = false;
};

const char* level_name(package::LintLevel level) {
    switch (level) {
        case package::LintLevel::off:
            return "off";
        case package::LintLevel::warn:
            return "warning";
        case package::LintLevel::require:
            return "error";
    }
    return "";
}

Result<void> print_rules(const GlobalOptions& global) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    std::string text;
    for (const package::LintRuleText& rule : package::lint_rules()) {
        text += fmt::format(
            "{} ({})\n  finds: {}\n  why:   {}\n  mend:  {}\n",
            rule.id,
            level_name(rule.level),
            rule.finds.empty() ? std::string("see why") : "files " + std::string(rule.finds),
            rule.why,
            rule.mend
        );
        list.push_back(
            {{"rule", rule.id},
             {"level", level_name(rule.level)},
             {"finds", rule.finds},
             {"why", rule.why},
             {"mend", rule.mend}}
        );
    }
    return print(global.format == "json" ? to_json_text(list) : text);
}

package::LintOptions lint_options(
    const PackageFamily& family, const apk::PackageInfo& info, const package::LintSets& sets
) {
    package::LintOptions options;
    options.sets = sets;
    options.source_date = info.build_date.value_or(0);
    options.replaces = info.replaces;
    if (family.configuration) {
        for (const build::Output& output : build::outputs_of(*family.configuration)) {
            if (output.name == info.name) {
                options.test_pipelines = build::test_pipelines(output.test);
            }
        }
    }
    return options;
}

std::string to_text(const std::vector<package::LintedPackage>& packages) {
    std::string text;
    for (const package::LintedPackage& package : packages) {
        for (const package::LintFinding& finding : package.findings) {
            const auto rule = package::find_lint_rule(finding.rule);
            text += fmt::format(
                "{}: {}: {} [{}]\n  help: {}\n",
                printable(package.identity),
                level_name(finding.level),
                to_string(finding),
                finding.rule,
                rule ? rule->mend : std::string_view()
            );
        }
    }
    return text;
}

Result<void> persist(
    const package::LintedPackage& linted,
    const apk::PackageInfo& info,
    const std::string& out_directory
) {
    if (linted.findings.empty()) {
        return {};
    }
    const std::filesystem::path directory =
        std::filesystem::path(out_directory) / info.architecture;
    QUERN_TRY(const FileTree made, FileTree::create(directory));
    return write_file_atomically(
        directory / fmt::format("lint-{}.json", linted.identity), package::to_persisted_json(linted)
    );
}

Result<void> run_lint(const LintFlags& flags, const Invocation& invocation) {
    if (flags.rules) {
        return print_rules(invocation.global);
    }
    if (flags.targets.empty()) {
        return Error(ErrorCode::usage, "there is no package to look at")
            .help("name .apk files or their URLs, or list what is checked with --rules");
    }
    QUERN_TRY(
        const package::LintSets sets, package::LintSets::choose(flags.lint_require, flags.lint_warn)
    );
    PackageOpener opener(invocation);
    std::vector<package::LintedPackage> linted;
    std::size_t failed = 0;
    for (const std::string& target : flags.targets) {
        QUERN_CHECK(invocation.cancel.check());
        QUERN_TRY(const apk::PackageFile package, opener.open(target));
        auto family = read_family(package, target);
        if (!family) {
            return std::move(family).error().context(printable(target));
        }
        const apk::PackageInfo& info = package.info();
        package::LintedPackage one{info.name + "-" + info.version, redact_url(target), {}};
        one.findings =
            package::lint(family->subjects, family->index, lint_options(*family, info, sets));
        for (const package::LintFinding& finding : one.findings) {
            failed += finding.level == package::LintLevel::require ? 1U : 0U;
        }
        if (flags.persist) {
            QUERN_CHECK(persist(one, info, flags.out_directory));
        }
        linted.push_back(std::move(one));
    }
    QUERN_CHECK(print(
        flags.sarif                          ? package::to_sarif(linted)
        : invocation.global.format == "json" ? package::to_json(linted)
                                             : to_text(linted)
    ));
    if (failed != 0) {
        return Error(
            ErrorCode::invalid_recipe,
            fmt::format(
                "{} required {} found something", failed, failed == 1 ? "linter" : "linters"
            )
        );
    }
    return {};
}

}  // namespace

Run define_lint(CLI::App& app) {
    const auto flags = std::make_shared<LintFlags>();
    add_option(app, "targets", flags->targets, "package files (.apk) or http(s) URLs of such");
    add_list(
        app, "--lint-require", flags->lint_require, "linters that fail, instead of the default ones"
    );
    add_list(
        app, "--lint-warn", flags->lint_warn, "linters that only warn, instead of the default ones"
    );
    add_flag(
        app, "--rules", flags->rules, "list all linters: what they find, why, and how to mend it"
    );
    add_flag(app, "--sarif", flags->sarif, "print a SARIF 2.1.0 log for code hosts and editors");
    add_flag(
        app,
        "--persist-lint-results",
        flags->persist,
        "keep findings in OUT-DIR/ARCH/lint-NAME-VERSION.json"
    );
    add_option(app, "--out-dir", flags->out_directory, "where --persist-lint-results writes")
        ->capture_default_str();
    return [flags](const Invocation& invocation) { return run_lint(*flags, invocation); };
}

}  // namespace quern::cli
