// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Which variables there are, at the two times. Vars are resolved in the order of their dependence,
// by a walk with a stack of its own: a chain of them may be as long as the recipe.
#include "quern/package_info.hpp"
#include "recipe/expand.hpp"
#include "recipe/variables.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace quern::recipe {

namespace {

constexpr std::size_t max_var_size = 1024 * 1024;
/// Of all vars together.
constexpr std::size_t max_vars_size = 8 * 1024 * 1024;
constexpr std::string_view vars_prefix = "vars.";

/// The name of a var behind "vars.", or nothing.
std::optional<std::string_view> var_name(std::string_view reference) {
    return reference.starts_with(vars_prefix) ? std::optional(reference.substr(vars_prefix.size()))
                                              : std::nullopt;
}

class VarResolver {
 public:
    VarResolver(const Recipe& recipe, Variables& table, bool is_strict, Diagnostics& diagnostics)
        : recipe_(recipe), table_(table), is_strict_(is_strict), diagnostics_(diagnostics) {
        for (const VarTransform& rule : recipe.var_transforms) {
            transformed_.insert(rule.to.value);
        }
    }

    void run() {
        for (const auto& [name, value] : recipe_.vars) {
            visit(name);
        }
    }

 private:
    enum class State { unseen, open, done };
    struct Frame {
        std::string_view name;
        std::vector<Reference> references;
        std::size_t next = 0;
    };

    void visit(std::string_view start) {
        if (states_[start] != State::unseen) {
            return;
        }
        open(start);
        while (!stack_.empty()) {
            Frame& frame = stack_.back();
            if (frame.next == frame.references.size()) {
                close(frame);
                stack_.pop_back();
                continue;
            }
            const auto name = var_name(frame.references[frame.next++].name);
            const auto found = name ? recipe_.vars.find(*name) : recipe_.vars.end();
            if (found == recipe_.vars.end()) {
                continue;
            }
            if (const State state = states_[found->first]; state == State::unseen) {
                open(found->first);
            } else if (state == State::open) {
                report_cycle(found->first);
                return;
            }
        }
    }

    void open(std::string_view name) {
        states_[name] = State::open;
        stack_.push_back({name, find_references(recipe_.vars.find(name)->second.value)});
    }

    /// All that the value names is resolved: now it can be.
    void close(const Frame& frame) {
        states_[frame.name] = State::done;
        const Text& text = recipe_.vars.find(frame.name)->second;
        std::string value;
        std::size_t done = 0;
        for (const Reference& reference : frame.references) {
            const auto found = table_.find(reference.name);
            if (found != table_.end() && reference.state == Reference::State::complete) {
                value.append(text.value, done, reference.begin - done).append(found->second);
                done = reference.begin + reference.length;
            } else if (is_strict_ && !is_transformed(reference)) {
                report_unknown_variable(text, reference, table_, nullptr, diagnostics_);
            }
            if (value.size() > max_var_size || total_ > max_vars_size) {
                diagnostics_.error(
                    "text-limit",
                    fmt::format(
                        "the variable '{}' grows over 1 MiB, or all together over 8 MiB",
                        printable(frame.name)
                    ),
                    text.where
                );
                value.clear();
                break;
            }
        }
        value.append(text.value, done);
        total_ += value.size();
        table_[fmt::format("{}{}", vars_prefix, frame.name)] = std::move(value);
    }

    bool is_transformed(const Reference& reference) const {
        const auto name = var_name(reference.name);
        return reference.state != Reference::State::complete ||
               (name && transformed_.contains(*name));
    }

    void report_cycle(std::string_view name) {
        std::string circle;
        bool inside = false;
        for (const Frame& frame : stack_) {
            inside = inside || frame.name == name;
            if (inside) {
                circle += fmt::format("vars.{} -> ", printable(frame.name));
            }
            states_[frame.name] = State::done;
        }
        constexpr std::size_t longest = 400;
        if (circle.size() > longest) {
            circle = circle.substr(0, longest) + "... -> ";
        }
        diagnostics_.error(
            "variable-cycle",
            fmt::format("variables go in a circle: {}vars.{}", circle, printable(name)),
            recipe_.vars.find(name)->second.where
        );
        stack_.clear();
    }

    const Recipe& recipe_;
    Variables& table_;
    bool is_strict_;
    Diagnostics& diagnostics_;
    std::set<std::string, std::less<>> transformed_;
    std::map<std::string_view, State> states_;
    std::vector<Frame> stack_;
    std::size_t total_ = 0;
};

std::string help_for_transform(std::string_view name) {
    return var_name(name)
               ? std::string()
               : "transforms run while loading, where only package.* and vars.* are known";
}

void run_transforms(const Recipe& recipe, Variables& table, Diagnostics& diagnostics) {
    for (const VarTransform& rule : recipe.var_transforms) {
        const auto from = substitute(rule.from, table, help_for_transform, diagnostics);
        auto result = from ? transform(*from, rule, diagnostics) : std::nullopt;
        table[fmt::format("{}{}", vars_prefix, rule.to.value)] =
            result ? std::move(*result) : std::string();
    }
}

/// Once more over the vars: those that name a transform's result, and results that name what is
/// known.
void resolve_results(const Recipe& recipe, Variables& table) {
    if (recipe.var_transforms.empty()) {
        return;
    }
    const Variables before = table;
    for (auto& [name, value] : table) {
        if (!name.starts_with(vars_prefix) || value.find("${{") == std::string::npos) {
            continue;
        }
        std::string out;
        std::size_t done = 0;
        for (const Reference& reference : find_references(value)) {
            const auto found = before.find(reference.name);
            if (found != before.end() && reference.state == Reference::State::complete &&
                out.size() < max_var_size) {
                out.append(value, done, reference.begin - done).append(found->second);
                done = reference.begin + reference.length;
            }
        }
        value = out.append(value, done);
    }
}

struct Triplet {
    std::string_view architecture, gnu, rust;
    std::string_view suffix = "";
};

/// Source: recipe-and-build 3.2, table of triplets.
constexpr std::array triplets = {
    Triplet{"x86", "i486-pc-linux-", "i686-unknown-linux-"},
    Triplet{"x86_64", "x86_64-pc-linux-", "x86_64-unknown-linux-"},
    Triplet{"aarch64", "aarch64-unknown-linux-", "aarch64-unknown-linux-"},
    Triplet{"armhf", "arm-unknown-linux-", "armv6-unknown-linux-", "eabihf"},
    Triplet{"armv7", "armv7l-unknown-linux-", "armv7-unknown-linux-", "eabihf"},
    Triplet{"ppc64le", "powerpc64le-unknown-linux-", "powerpc64le-unknown-linux-"},
    Triplet{"s390x", "s390x-ibm-linux-", "s390x-unknown-linux-"},
};

void add_triplets(Variables& table, std::string_view architecture, std::string_view flavor) {
    const std::string other = fmt::format("{}-unknown-linux-", architecture);
    Triplet triplet{architecture, other, other};
    for (const Triplet& known : triplets) {
        if (known.architecture == architecture) {
            triplet = known;
        }
    }
    const auto gnu = [&](std::string_view libc) {
        return fmt::format("{}{}{}", triplet.gnu, libc, triplet.suffix);
    };
    const auto rust = [&](std::string_view libc) {
        return fmt::format("{}{}{}", triplet.rust, libc, triplet.suffix);
    };
    table["host.triplet.gnu"] = gnu(flavor);
    table["host.triplet.rust"] = rust(flavor);
    table["cross.triplet.gnu.glibc"] = gnu("gnu");
    table["cross.triplet.gnu.musl"] = gnu("musl");
    table["cross.triplet.rust.glibc"] = rust("gnu");
    table["cross.triplet.rust.musl"] = rust("musl");
}

Variables package_variables(const Package& package) {
    return {
        {"package.name", package.name.value},
        {"package.version", package.version.value},
        {"package.epoch", std::to_string(package.epoch)},
        {"package.full-version", package.full_version()},
    };
}

Variables fixed_variables(const Recipe& recipe, const LoadOptions& options) {
    constexpr std::string_view output = "/home/build/melange-out";
    const std::string& name = recipe.package.name.value;
    Variables table = package_variables(recipe.package);
    table["package.srcdir"] = "/home/build";
    table["targets.outdir"] = output;
    table["targets.destdir"] = fmt::format("{}/{}", output, name);
    table["targets.contextdir"] = table["targets.destdir"];
    table["context.name"] = name;
    table["targets.package." + name] = fmt::format("{}/{}", output, name);
    for (const Subpackage& subpackage : recipe.subpackages) {
        table["targets.package." + subpackage.name.value] =
            fmt::format("{}/{}", output, subpackage.name.value);
    }
    const std::string architecture = apk::to_apk_architecture(options.architecture);
    table["build.arch"] = architecture;
    table["build.goarch"] = apk::to_oci_architecture(architecture);
    add_triplets(table, architecture, options.libc_flavor);
    for (const auto& [option, value] : recipe.options) {
        table[fmt::format("options.{}.enabled", option)] = "false";
    }
    for (const std::string& option : options.build_options) {
        table[fmt::format("options.{}.enabled", option)] = "true";
    }
    return table;
}

}  // namespace

std::string Package::full_version() const {
    return fmt::format("{}-r{}", version.value, epoch);
}

void apply_option_variables(Recipe& recipe, const LoadOptions& options) {
    for (const std::string& name : options.build_options) {
        if (const auto option = recipe.options.find(name); option != recipe.options.end()) {
            for (const auto& [key, value] : option->second.vars) {
                recipe.vars.insert_or_assign(key, value);
            }
        }
    }
}

Variables resolve_variables(
    const Recipe& recipe, const Variables& fixed, bool is_strict, Diagnostics& diagnostics
) {
    Variables table = fixed;
    VarResolver(recipe, table, is_strict, diagnostics).run();
    run_transforms(recipe, table, diagnostics);
    if (is_strict) {
        resolve_results(recipe, table);
    }
    return table;
}

Variables parse_variables(const Recipe& recipe, Diagnostics& diagnostics) {
    Package package = recipe.package;
    Text* const own_texts[] = {&package.name, &package.version};
    if (std::any_of(std::begin(own_texts), std::end(own_texts), [](Text* text) {
            return text->value.find("${{") != std::string::npos;
        })) {
        // Name and version may be made of vars, and vars of them: first the one way, and what is
        // wrong is found on the other.
        Diagnostics unused;
        const Variables first =
            resolve_variables(recipe, package_variables(package), false, unused);
        for (Text* text : own_texts) {
            text->value = replace_exactly(text->value, first);
        }
    }
    Variables fixed = package_variables(package);
    fixed["package.description"] = recipe.package.description.value;
    return resolve_variables(recipe, fixed, false, diagnostics);
}

Variables compile_variables(
    const Configuration& configuration, const LoadOptions& options, Diagnostics& diagnostics
) {
    return resolve_variables(
        configuration, fixed_variables(configuration, options), true, diagnostics
    );
}

}  // namespace quern::recipe
