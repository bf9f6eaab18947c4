// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/advice.hpp"

#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "recipe/variables.hpp"
#include "support/text.hpp"
#include "yaml/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace quern::recipe {

namespace {

constexpr std::array<std::string_view, 30> linters = {
    "binaryarch",
    "cudaruntimelib",
    "dev",
    "dll",
    "documentation",
    "duplicate",
    "dylib",
    "empty",
    "infodir",
    "lddcheck",
    "libtool/la-files",
    "maninfo",
    "nonlinux",
    "object",
    "opt",
    "pkgconf",
    "python/docs",
    "python/multiple",
    "python/test",
    "sbom",
    "setuidgid",
    "srv",
    "staticarchive",
    "strip",
    "tempdir",
    "unsupportedarch",
    "usrlocal",
    "usrmerge",
    "varempty",
    "worldwrite",
};

/// Variables of a recipe that are told to be unused.
constexpr std::size_t max_unused = 100;

constexpr std::string_view vars_prefix = "vars.";

bool is_in_comment(std::string_view text, std::size_t at) {
    const std::size_t line_end =
        at == 0 ? std::string_view::npos : text.find_last_of("\r\n", at - 1);
    const std::size_t begin = line_end == std::string_view::npos ? 0 : line_end + 1;
    return trim(text.substr(begin, at - begin)).starts_with('#');
}

/// Names of vars that stand in any of the files, outside of lines of comment.
std::set<std::string, std::less<>> used_variables(const Configuration& configuration) {
    std::set<std::string, std::less<>> used;
    for (const auto& file : configuration.files) {
        for (const Reference& reference : find_references(file->text())) {
            if (reference.name.starts_with(vars_prefix) &&
                !is_in_comment(file->text(), reference.begin)) {
                used.emplace(reference.name.substr(vars_prefix.size()));
            }
        }
    }
    return used;
}

class Adviser {
 public:
    Adviser(const Recipe& written, const Configuration& evaluated, Diagnostics& diagnostics)
        : written_(written), evaluated_(evaluated), diagnostics_(diagnostics) {}

    void run() {
        check_variables();
        check_ranges();
        check_version();
        check_linters(written_.package.checks_disabled);
        check_dependencies(evaluated_.package.dependencies);
        check_environment(evaluated_.environment);
        if (evaluated_.test) {
            check_environment(evaluated_.test->environment);
        }
        for (const Subpackage& subpackage : evaluated_.subpackages) {
            check_linters(subpackage.checks_disabled);
            check_dependencies(subpackage.dependencies);
            if (subpackage.test) {
                check_environment(subpackage.test->environment);
            }
        }
    }

 private:
    void check_variables() {
        if (written_.vars.empty() && written_.var_transforms.empty()) {
            return;
        }
        const auto used = used_variables(evaluated_);
        std::size_t left = max_unused;
        for (const auto& [name, value] : written_.vars) {
            if (!used.contains(name) && left > 0) {
                --left;
                warn_unused(name, yaml::key_before(name, value.where));
            }
        }
        for (const VarTransform& rule : written_.var_transforms) {
            if (!used.contains(rule.to.value)) {
                warn_unused(rule.to.value, rule.to.where);
            }
            check_groups(rule);
        }
    }

    void check_groups(const VarTransform& rule) {
        for (const std::string& name : unknown_groups(rule)) {
            const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
            const bool goes_on = digits != 0 && digits != name.size();
            diagnostics_.warning(
                "unknown-group",
                fmt::format(
                    "'${}' is no group of the expression: nothing stands there", printable(name)
                ),
                rule.replace.where,
                goes_on
                    ? fmt::format(
                          "a name goes on over letters, digits and '_': write ${{{}}}{}",
                          name.substr(0, digits),
                          printable(name.substr(digits))
                      )
                    : "groups are $1, $2 ... for each '(', or ${name} for '(?P<name>'; $$ is a '$'"
            );
        }
    }

    void warn_unused(std::string_view name, Span where) {
        diagnostics_.warning(
            "unused-variable",
            fmt::format("the variable 'vars.{}' is not used", printable(name)),
            where,
            "take it out, or write ${{vars." + printable(name) + "}} where it is meant"
        );
    }

    void check_ranges() {
        std::set<std::string_view> used;
        for (const Subpackage& subpackage : written_.subpackages) {
            used.insert(subpackage.range.value);
        }
        for (const RangeData& data : written_.data) {
            if (!used.contains(data.name.value)) {
                diagnostics_.warning(
                    "unused-range",
                    fmt::format("no subpackage has the range '{}'", printable(data.name.value)),
                    data.name.where
                );
            }
        }
    }

    void check_version() {
        const Text& version = evaluated_.package.version;
        if (!apk::is_recipe_version(version.value, false)) {
            diagnostics_.error(
                "bad-version",
                fmt::format("'{}' is no version that apk knows", printable(version.value)),
                version.where,
                "digits with dots, a letter, then suffixes such as _rc1 or _p2: 1.2.3a_rc1"
            );
        }
    }

    void check_linters(const std::vector<Text>& names) {
        for (const Text& name : names) {
            if (std::find(linters.begin(), linters.end(), name.value) != linters.end()) {
                continue;
            }
            const std::string_view near = nearest(name.value, linter_names());
            diagnostics_.error(
                "unknown-linter",
                fmt::format("unknown linter '{}'", printable(name.value)),
                name.where,
                near.empty() ? fmt::format("linters are {}", fmt::join(linter_names(), ", "))
                             : fmt::format("did you mean '{}'?", near)
            );
        }
    }

    void check_dependencies(const Dependencies& dependencies) {
        check_names(dependencies.runtime);
        check_names(dependencies.provides);
        check_names(dependencies.replaces);
    }

    void check_environment(const Environment& environment) { check_names(environment.packages); }

    void check_names(const std::vector<Text>& names) {
        for (const Text& name : names) {
            if (!apk::Dependency::parse(name.value)) {
                diagnostics_.error(
                    "bad-relation",
                    fmt::format("'{}' is no relation to a package", printable(name.value)),
                    name.where,
                    "write NAME, !NAME, or NAME with one of = < > <= >= ~ and a version, without "
                    "spaces"
                );
            }
        }
    }

    const Recipe& written_;
    const Configuration& evaluated_;
    Diagnostics& diagnostics_;
};

}  // namespace

std::span<const std::string_view> linter_names() {
    return linters;
}

void advise(const Recipe& written, const Configuration& evaluated, Diagnostics& diagnostics) {
    Adviser(written, evaluated, diagnostics).run();
}

}  // namespace quern::recipe
