// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/lint/lint.hpp"

#include "package/lint/rule.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::package {
namespace {

const LintRule* find_rule(std::string_view id) {
    const auto& table = lint_rule_table();
    const auto found = std::find_if(table.begin(), table.end(), [&](const LintRule& rule) {
        return rule.text.id == id;
    });
    return found == table.end() ? nullptr : &*found;
}

bool is_exempt(const LintRule& rule, std::string_view package) {
    return std::any_of(
        rule.exempt_names.begin(),
        rule.exempt_names.end(),
        [&](std::string_view end) { return package.ends_with(end); }
    );
}

LintFinding run(const LintRule& rule, const LintContext& context) {
    LintFinding finding;
    finding.rule = rule.text.id;
    if (rule.entry_test != nullptr) {
        for (const archive::TarEntry& entry : context.subject.entries()) {
            if (rule.entry_test(entry, context)) {
                finding.places.push_back({.path = entry.path, .note = {}, .mode = entry.mode});
            }
        }
    } else {
        finding.places = rule.package_test(context, finding.message);
    }
    if (finding.message.empty() && !finding.places.empty()) {
        finding.message = fmt::format(
            "{} {} {}",
            finding.places.size(),
            finding.places.size() == 1 ? "file" : "files",
            rule.text.finds
        );
    }
    return finding;
}

Result<std::set<std::string, std::less<>>> known_rules(const std::vector<std::string>& names) {
    std::set<std::string, std::less<>> rules;
    for (const std::string& name : names) {
        if (find_rule(name) == nullptr) {
            std::vector<std::string_view> known;
            for (const LintRule& rule : lint_rule_table()) {
                known.push_back(rule.text.id);
            }
            const std::string_view near = nearest(name, known);
            Error error(ErrorCode::usage, fmt::format("unknown linter: '{}'", printable(name)));
            return std::move(error).help(
                near.empty() ? std::string("`quern lint --rules` lists them")
                             : fmt::format("did you mean '{}'?", near)
            );
        }
        rules.insert(name);
    }
    return rules;
}

}  // namespace

bool LintContext::uses_test(std::string_view pipeline) const {
    const auto& tests = options.test_pipelines;
    return std::find(tests.begin(), tests.end(), pipeline) != tests.end();
}

bool is_lint_file(const archive::TarEntry& entry) {
    return entry.type != archive::TarType::directory;
}

std::vector<LintRuleText> lint_rules() {
    std::vector<LintRuleText> rules;
    for (const LintRule& rule : lint_rule_table()) {
        rules.push_back(rule.text);
    }
    return rules;
}

std::optional<LintRuleText> find_lint_rule(std::string_view id) {
    const LintRule* rule = find_rule(id);
    return rule == nullptr ? std::nullopt : std::optional(rule->text);
}

LintSets LintSets::defaults() {
    LintSets sets;
    for (const LintRule& rule : lint_rule_table()) {
        if (rule.text.level == LintLevel::require) {
            sets.required.emplace(rule.text.id);
        } else if (rule.text.level == LintLevel::warn) {
            sets.warned.emplace(rule.text.id);
        }
    }
    return sets;
}

Result<LintSets> LintSets::choose(
    const std::vector<std::string>& require, const std::vector<std::string>& warn
) {
    LintSets sets = defaults();
    if (!require.empty()) {
        QUERN_TRY(sets.required, known_rules(require));
    }
    if (!warn.empty()) {
        QUERN_TRY(sets.warned, known_rules(warn));
    }
    return sets;
}

LintSets LintSets::without(const std::vector<recipe::Text>& disabled) const {
    LintSets sets = *this;
    for (const recipe::Text& name : disabled) {
        sets.required.erase(name.value);
        if (find_rule(name.value) != nullptr) {
            sets.warned.insert(name.value);
        }
    }
    return sets;
}

std::vector<LintFinding> lint(
    std::span<const Subject> recipe, std::size_t index, const LintOptions& options
) {
    const LintContext context = {recipe[index], recipe, options};
    std::vector<LintFinding> findings;
    for (const LintRule& rule : lint_rule_table()) {
        const bool is_required = options.sets.required.count(rule.text.id) != 0;
        const bool is_warned = options.sets.warned.count(rule.text.id) != 0;
        if ((!is_required && !is_warned) || is_exempt(rule, context.subject.name())) {
            continue;
        }
        LintFinding finding = run(rule, context);
        if (!finding.message.empty()) {
            finding.level = is_required ? LintLevel::require : LintLevel::warn;
            findings.push_back(std::move(finding));
        }
    }
    return findings;
}

std::string to_string(const LintFinding& finding) {
    constexpr std::size_t most_places = 10;
    std::string text = finding.message;
    std::string_view separator = ": ";
    for (std::size_t i = 0; i < finding.places.size() && i < most_places; ++i) {
        const LintPlace& place = finding.places[i];
        text += separator;
        text += printable(place.path);
        text += place.note.empty() ? std::string() : fmt::format(" ({})", printable(place.note));
        separator = ", ";
    }
    if (finding.places.size() > most_places) {
        text += fmt::format(" and {} more", finding.places.size() - most_places);
    }
    return text;
}

}  // namespace quern::package
