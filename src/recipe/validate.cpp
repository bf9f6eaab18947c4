// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/validate.hpp"

#include "quern/dependency.hpp"
#include "quern/package_info.hpp"
#include "recipe/condition.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace quern::recipe {

namespace {

constexpr std::string_view name_help =
    "letters, digits, '+', '_', '.' and '-', a letter or digit first";

class Validator {
 public:
    Validator(const Recipe& recipe, Diagnostics& diagnostics)
        : recipe_(recipe), diagnostics_(diagnostics) {}

    void run() {
        check_package();
        check_names();
        check_pipeline(recipe_.pipeline);
        check_environment(recipe_.environment);
        if (recipe_.test) {
            check_conditions(recipe_.test->pipeline);
            check_environment(recipe_.test->environment);
        }
        for (const Subpackage& subpackage : recipe_.subpackages) {
            check_subpackage(subpackage);
        }
    }

 private:
    /// The place of a text, or the start of the recipe where it is missing.
    Span place(const Text& text) const {
        return text.where.file != nullptr ? text.where : Span{recipe_.files.front().get(), 0, 0};
    }

    void check_package() {
        const Package& package = recipe_.package;
        check_name(package.name);
        if (package.version.is_empty()) {
            const Span where =
                place(package.version.where.file != nullptr ? package.version : package.name);
            diagnostics_.error(
                "missing-version",
                "the package version must not be empty",
                where,
                "give 'package' a 'version'"
            );
        }
        check_dependencies(package.dependencies);
        check_architectures(package.target_architectures);
        check_cpe(package.cpe);
        check_capabilities(package.setcap);
    }

    void check_name(const Text& name) {
        if (name.is_empty()) {
            diagnostics_.error(
                "missing-name",
                "the package name must not be empty",
                place(name),
                "give 'package' a 'name'"
            );
        } else if (!apk::is_package_name(name.value)) {
            diagnostics_.error(
                "bad-name",
                fmt::format("bad package name '{}'", printable(name.value)),
                name.where,
                std::string(name_help)
            );
        }
    }

    void check_names() {
        std::unordered_map<std::string_view, std::size_t> seen;
        for (std::size_t i = 0; i < recipe_.subpackages.size(); ++i) {
            const Text& name = recipe_.subpackages[i].name;
            const Span where =
                name.where.file != nullptr ? name.where : recipe_.subpackages[i].where;
            if (!apk::is_package_name(name.value)) {
                const std::string problem =
                    name.is_empty()
                        ? "a subpackage needs a name"
                        : fmt::format("bad subpackage name '{}'", printable(name.value));
                diagnostics_.error("bad-name", problem, where, std::string(name_help));
                continue;
            }
            if (name == recipe_.package.name) {
                diagnostics_.add(
                    {.id = "duplicate-package",
                     .message = fmt::format(
                         "subpackages[{}] has the same name as the main package, '{}'",
                         i,
                         name.value
                     ),
                     .where = where,
                     .notes = {{"the main package", place(recipe_.package.name)}},
                     .help = {}}
                );
            } else if (const auto [first, is_new] = seen.emplace(name.value, i); !is_new) {
                diagnostics_.add(
                    {.id = "duplicate-package",
                     .message = fmt::format(
                         "duplicate subpackage name '{}': subpackages[{}] and subpackages[{}]",
                         name.value,
                         first->second,
                         i
                     ),
                     .where = where,
                     .notes = {{"first given here", recipe_.subpackages[first->second].name.where}},
                     .help = {}}
                );
            }
        }
    }

    void check_subpackage(const Subpackage& subpackage) {
        check_condition(subpackage.condition, diagnostics_);
        check_dependencies(subpackage.dependencies);
        check_capabilities(subpackage.setcap);
        check_pipeline(subpackage.pipeline);
        if (subpackage.test) {
            check_conditions(subpackage.test->pipeline);
            check_environment(subpackage.test->environment);
        }
    }

    void check_dependencies(const Dependencies& dependencies) {
        for (const Text* priority :
             {&dependencies.provider_priority, &dependencies.replaces_priority}) {
            std::string_view digits = priority->value;
            if (digits.starts_with('+')) {
                digits.remove_prefix(1);
                digits = digits.starts_with('-') ? std::string_view("-") : digits;
            }
            const auto number = parse_signed(digits);
            if (!priority->is_empty() && !number) {
                diagnostics_.error(
                    "bad-priority",
                    fmt::format(
                        "the priority must convert to an integer, got '{}'",
                        printable(priority->value)
                    ),
                    priority->where
                );
            } else if (number && *number < 0) {
                diagnostics_.warning(
                    "negative-priority",
                    fmt::format("the priority {} counts as none", *number),
                    priority->where,
                    "apk knows no priority below 0: raise those of the other packages"
                );
            }
        }
    }

    void check_architectures(const std::vector<Text>& architectures) {
        const auto& known = apk::known_architectures();
        for (const Text& name : architectures) {
            if (name.value == "all" && architectures.size() > 1) {
                diagnostics_.error(
                    "bad-architecture",
                    "the target-architecture 'all' must stand alone",
                    name.where,
                    "leave the list out for all"
                );
            } else if (name.value == "all") {
                diagnostics_.warning(
                    "deprecated-architecture",
                    "the target-architecture 'all' is deprecated",
                    name.where,
                    "leave the list out for all"
                );
            } else if (std::find(known.begin(), known.end(), name.value) == known.end()) {
                const std::string meant = apk::to_apk_architecture(name.value);
                diagnostics_.warning(
                    "unknown-architecture",
                    fmt::format("unknown target-architecture '{}'", printable(name.value)),
                    name.where,
                    meant == name.value ? std::string() : fmt::format("did you mean '{}'?", meant)
                );
            }
        }
    }

    void check_cpe(const Cpe& cpe) {
        if (!cpe.part.is_empty() && cpe.part.value != "a" && cpe.part.value != "o") {
            report_cpe("part", cpe.part, "must be 'a' or 'o'");
        }
        if (cpe.vendor.is_empty() != cpe.product.is_empty()) {
            const bool no_vendor = cpe.vendor.is_empty();
            diagnostics_.error(
                "bad-cpe",
                no_vendor ? "CPE validation: a product without a vendor"
                          : "CPE validation: a vendor without a product",
                place(no_vendor ? cpe.product : cpe.vendor),
                "give both or neither"
            );
        }
        const std::array<std::pair<std::string_view, const Text*>, 8> texts = {
            {{"vendor", &cpe.vendor},
             {"product", &cpe.product},
             {"edition", &cpe.edition},
             {"language", &cpe.language},
             {"sw_edition", &cpe.software_edition},
             {"target_sw", &cpe.target_software},
             {"target_hw", &cpe.target_hardware},
             {"other", &cpe.other}}};
        for (const auto& [key, text] : texts) {
            if (!text->is_empty() && !is_cpe_text(text->value)) {
                report_cpe(
                    key,
                    *text,
                    "lower-case letters, digits, '+', '_', '.' and '-', a letter or digit first"
                );
            }
        }
    }

    static bool is_cpe_text(std::string_view text) {
        const auto is_first = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        };
        return is_first(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
                   return is_first(c) || std::string_view("+_.-").find(c) != std::string_view::npos;
               });
    }

    void report_cpe(std::string_view key, const Text& text, std::string help) {
        diagnostics_.error(
            "bad-cpe",
            fmt::format("CPE validation: bad {} ('{}')", key, printable(text.value)),
            place(text),
            std::move(help)
        );
    }

    /// Source: recipe-and-build 2.2, names of capabilities.
    void check_capabilities(const std::vector<FileCapability>& capabilities) {
        constexpr std::array<std::string_view, 5> allowed = {
            "cap_net_bind_service",
            "cap_net_admin",
            "cap_net_raw",
            "cap_ipc_lock",
            "cap_sys_admin"};
        for (const FileCapability& capability : capabilities) {
            for (const auto& [names, flags] : capability.add) {
                for (const std::string_view name : split(names, ',')) {
                    if (std::find(allowed.begin(), allowed.end(), trim(name)) == allowed.end()) {
                        const std::string_view near = nearest(name, allowed);
                        diagnostics_.error(
                            "bad-capability",
                            fmt::format("invalid capability '{}'", printable(name)),
                            flags.where,
                            near.empty() ? fmt::format("allowed are {}", fmt::join(allowed, ", "))
                                         : fmt::format("did you mean '{}'?", near)
                        );
                    }
                }
            }
            if (capability.reason.is_empty()) {
                diagnostics_.error(
                    "bad-capability",
                    fmt::format(
                        "unjustified reason for the capability of '{}'",
                        printable(capability.path.value)
                    ),
                    place(capability.path),
                    "say in 'reason' why the file needs it"
                );
            }
        }
    }

    void check_environment(const Environment& environment) {
        for (const User& user : environment.users) {
            if (user.name.empty() || user.uid == 0) {
                const std::string problem =
                    user.name.empty()
                        ? "a user needs a username"
                        : fmt::format(
                              "the user '{}' needs a uid other than 0", printable(user.name)
                          );
                diagnostics_.error("bad-account", problem, user.where);
            }
        }
        for (const Group& group : environment.groups) {
            if (group.name.empty()) {
                diagnostics_.error("bad-account", "a group needs a groupname", group.where);
            }
        }
    }

    void check_conditions(const std::vector<PipelineNode>& nodes) {
        for (const PipelineNode& node : nodes) {
            check_condition(node.condition, diagnostics_);
            check_conditions(node.pipeline);
        }
    }

    void check_pipeline(const std::vector<PipelineNode>& nodes) {
        for (const PipelineNode& node : nodes) {
            check_condition(node.condition, diagnostics_);
            check_node(node);
            parents_.push_back(&node);
            check_pipeline(node.pipeline);
            parents_.pop_back();
        }
    }

    void check_node(const PipelineNode& node) {
        if (!node.uses.is_empty() && !node.runs.is_empty()) {
            report_node(
                "uses-and-runs",
                fmt::format(
                    "a step cannot have both 'uses' ('{}') and 'runs'", printable(node.uses.value)
                ),
                node.runs.where
            );
        } else if (!node.with.empty() && node.uses.is_empty()) {
            report_node(
                "with-without-uses",
                "a step has 'with' but no 'uses'",
                node.with.begin()->second.where
            );
        }
        if (!node.with.empty() && !node.runs.is_empty()) {
            report_node(
                "with-and-runs", "a step cannot have both 'with' and 'runs'", node.runs.where
            );
        }
        if (!node.uses.is_empty() && !node.pipeline.empty()) {
            diagnostics_.warning(
                "uses-and-pipeline",
                fmt::format(
                    "the nested pipeline is used instead of the definition '{}'",
                    printable(node.uses.value)
                ),
                node.uses.where
            );
        }
    }

    void report_node(std::string_view id, std::string message, Span where) {
        Diagnostic diagnostic{
            .id = std::string(id),
            .message = std::move(message),
            .where = where,
            .notes = {},
            .help = {}};
        for (auto parent = parents_.rbegin();
             parent != parents_.rend() && diagnostic.notes.size() < 5;
             ++parent) {
            const Text& name = (*parent)->name.is_empty() ? (*parent)->uses : (*parent)->name;
            if (!name.is_empty()) {
                diagnostic.notes.push_back(
                    {fmt::format("inside of the step '{}'", printable(name.value)), name.where}
                );
            }
        }
        diagnostics_.add(std::move(diagnostic));
    }

    const Recipe& recipe_;
    Diagnostics& diagnostics_;
    std::vector<const PipelineNode*> parents_;
};

}  // namespace

void validate(const Recipe& recipe, Diagnostics& diagnostics) {
    Validator(recipe, diagnostics).run();
}

}  // namespace quern::recipe
