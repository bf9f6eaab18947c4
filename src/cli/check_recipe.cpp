// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_recipe.hpp"

#include "package/spdx_expression.hpp"
#include "pipeline/advice.hpp"
#include "pipeline/shell_check.hpp"
#include "quern/dependency.hpp"
#include "recipe/advice.hpp"
#include "recipe/decode.hpp"
#include "recipe/load.hpp"
#include "support/text.hpp"
#include "yaml/node.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::cli {
namespace {

void check_licenses(const recipe::Package& package, Diagnostics& diagnostics) {
    constexpr const char* advice =
        "identifiers are those of spdx.org/licenses, joined with AND, OR and WITH; others are "
        "LicenseRef-NAME";
    for (const recipe::Copyright& copyright : package.copyright) {
        const recipe::Text& license = copyright.license;
        if (license.is_empty()) {
            continue;
        }
        const auto place = [&license](const package::SpdxProblem& problem) {
            return yaml::place_in_scalar(
                license.where, license.value, problem.offset, problem.length
            );
        };
        const auto parsed = package::parse_spdx_expression(license.value);
        for (const auto& problem : parsed.problems) {
            diagnostics.warning(
                "unknown-license",
                problem.message,
                place(problem),
                problem.help.empty() ? advice : problem.help
            );
        }
        for (const auto& problem : parsed.deprecated) {
            diagnostics.warning(
                "deprecated-license", problem.message, place(problem), problem.help
            );
        }
    }
}

void note_needs(const recipe::Environment& environment, CheckedRecipe& checked) {
    const auto& packages = environment.packages;
    checked.needs.insert(checked.needs.end(), packages.begin(), packages.end());
}

void note_provided(
    const recipe::Text& name, const recipe::Dependencies& dependencies, CheckedRecipe& checked
) {
    checked.provides.push_back(name.value);
    for (const recipe::Text& text : dependencies.provides) {
        if (const auto provided = apk::Dependency::parse(text.value)) {
            checked.provides.push_back(provided->name);
        }
    }
}

// What other recipes have to know of this one, and what it wants of others.
void note_relations(const recipe::Configuration& configuration, CheckedRecipe& checked) {
    note_needs(configuration.environment, checked);
    note_provided(configuration.package.name, configuration.package.dependencies, checked);
    if (configuration.test) {
        note_needs(configuration.test->environment, checked);
    }
    for (const recipe::Subpackage& subpackage : configuration.subpackages) {
        note_provided(subpackage.name, subpackage.dependencies, checked);
        if (subpackage.test) {
            note_needs(subpackage.test->environment, checked);
        }
    }
}

Result<void> check_for_architecture(
    const recipe::Recipe& written,
    const std::string& architecture,
    CheckedRecipe& checked,
    const CheckContext& context
) {
    Diagnostics& diagnostics = checked.diagnostics;
    QUERN_TRY(const recipe::LoadOptions options, load_options(context.flags, architecture));
    const auto configuration = recipe::evaluate(written, context.reader, options, diagnostics);
    if (!configuration) {
        return {};
    }
    const auto compiled = pipeline::compile(*configuration, context.library, options, diagnostics);
    if (!compiled) {
        return {};
    }
    recipe::advise(written, compiled->configuration, diagnostics);
    pipeline::advise(written, *compiled, context.library, diagnostics);
    check_licenses(compiled->configuration.package, diagnostics);
    note_relations(compiled->configuration, checked);
    return context.flags.shell_check
               ? pipeline::check_scripts(compiled->plan, context.cancel, diagnostics)
               : Result<void>();
}

}  // namespace

Result<void> check_recipe(CheckedRecipe& checked, const CheckContext& context) {
    QUERN_CHECK(context.cancel.check());
    const auto written = recipe::read(checked.path, context.reader, checked.diagnostics);
    if (!written) {
        return {};
    }
    checked.file = written->files.front();
    checked.version = written->package.version;
    checked.epoch = written->package.epoch;
    for (const std::string& architecture : context.architectures) {
        QUERN_CHECK(check_for_architecture(*written, architecture, checked, context));
    }
    return {};
}

void note_unknown(
    const CheckedRecipe& checked,
    const std::set<std::string, std::less<>>& names,
    UnknownNames& unknown
) {
    for (const recipe::Text& need : checked.needs) {
        const auto wanted = apk::Dependency::parse(need.value);
        if (wanted && !wanted->is_conflict && !names.contains(wanted->name)) {
            unknown.try_emplace(wanted->name);
        }
    }
}

void check_needs(CheckedRecipe& checked, const UnknownNames& unknown) {
    for (const recipe::Text& need : checked.needs) {
        const auto wanted = apk::Dependency::parse(need.value);
        const auto found =
            wanted && !wanted->is_conflict ? unknown.find(wanted->name) : unknown.end();
        if (found == unknown.end()) {
            continue;
        }
        checked.diagnostics.warning(
            "unknown-package",
            fmt::format("no repository and no recipe given has '{}'", printable(found->first)),
            need.where,
            found->second.empty() ? std::string() : fmt::format("did you mean '{}'?", found->second)
        );
    }
}

void check_epoch(CheckedRecipe& checked, std::string before) {
    Diagnostics ignored;  // of a text that is history
    const auto file =
        std::make_shared<const SourceFile>(checked.path.string(), yaml::to_utf8(std::move(before)));
    const auto earlier = recipe::decode_recipe(file, ignored);
    if (!earlier || checked.epoch == 0 || earlier->package.version == checked.version) {
        return;
    }
    checked.diagnostics.warning(
        "epoch-not-reset",
        fmt::format(
            "the version was '{}', and the epoch is still {}",
            printable(earlier->package.version.value),
            checked.epoch
        ),
        checked.version.where,
        "the epoch counts builds of one version: set it to 0"
    );
}

}  // namespace quern::cli
