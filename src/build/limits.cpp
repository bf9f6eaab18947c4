// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/limits.hpp"

#include "build/output.hpp"
#include "quern/dependency.hpp"
#include "quern/diagnostic.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

namespace quern::build {
namespace {

constexpr std::size_t longest_relation = 256;
constexpr std::size_t longest_script = std::size_t{256} << 10U;
constexpr std::size_t longest_record = 2'047;

void check_relations(const std::vector<recipe::Text>& relations, Diagnostics& diagnostics) {
    constexpr std::size_t shown = 60;
    for (const recipe::Text& relation : relations) {
        const std::string start = printable(relation.value.substr(0, shown));
        if (relation.value.size() > longest_relation) {
            diagnostics.error(
                "relation-too-long",
                fmt::format(
                    "'{}...' has {} bytes: clients read at most 256", start, relation.value.size()
                ),
                relation.where
            );
        } else if (!apk::Dependency::parse(relation.value)) {
            diagnostics.error(
                "bad-relation",
                fmt::format("'{}' is no relation to a package", start),
                relation.where,
                "write NAME, !NAME, or NAME with one of = < > <= >= ~ and a version, without spaces"
            );
        }
    }
}

void check_script(const recipe::Text& script, Diagnostics& diagnostics) {
    if (script.value.size() > longest_script) {
        diagnostics.error(
            "script-too-long",
            "the script has more than 256 KiB: clients do not run it",
            script.where,
            "move what it does to a file of the package, and call that"
        );
    }
    if (!script.is_empty() && !script.value.starts_with("#!")) {
        diagnostics.error(
            "script-without-interpreter",
            "the script does not begin with '#!': clients cannot run it",
            script.where,
            "begin it with #!/bin/sh"
        );
    }
}

void check_scriptlets(const recipe::Scriptlets& scriptlets, Diagnostics& diagnostics) {
    for (const recipe::Text* script :
         {&scriptlets.pre_install,
          &scriptlets.post_install,
          &scriptlets.pre_deinstall,
          &scriptlets.post_deinstall,
          &scriptlets.pre_upgrade,
          &scriptlets.post_upgrade,
          &scriptlets.trigger.script}) {
        check_script(*script, diagnostics);
    }
}

// The lines of a record but its relations: a letter, a colon and a line end more than each value.
void check_record(
    const Output& output,
    const recipe::Package& main,
    const recipe::Text& description,
    Diagnostics& diagnostics
) {
    constexpr std::size_t fixed = 256;  // checksum, sizes, date, commit, architecture, and the keys
    std::size_t size = fixed + output.name.size() + main.full_version().size() +
                       main.name.value.size() + output.description.size() + output.url.size();
    for (const recipe::Copyright& copyright : main.copyright) {
        size += copyright.license.value.size() + 1;
    }
    if (size > longest_record) {
        diagnostics.error(
            "record-too-long",
            fmt::format(
                "description, url and licences of {} have about {} bytes: clients read a record of "
                "2,047",
                printable(output.name),
                size
            ),
            description.where,
            "shorten the description"
        );
    }
}

}  // namespace

void check_limits(const recipe::Configuration& configuration, Diagnostics& diagnostics) {
    const recipe::Package& main = configuration.package;
    std::size_t subpackage = 0;
    for (const Output& output : outputs_of(configuration)) {
        check_relations(output.dependencies->runtime, diagnostics);
        check_relations(output.dependencies->provides, diagnostics);
        check_relations(output.dependencies->replaces, diagnostics);
        check_scriptlets(*output.scriptlets, diagnostics);
        check_record(
            output,
            main,
            output.is_main ? main.description : configuration.subpackages[subpackage++].description,
            diagnostics
        );
    }
}

}  // namespace quern::build
