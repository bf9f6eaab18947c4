// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The manual page, made from the definitions that the command line is parsed by, so that it cannot
// say anything else. Format: man(7) macros of roff.

#include "cli/command.hpp"
#include "cli/exit_status.hpp"
#include "cli/terminal.hpp"
#include "config.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string_view>

namespace quern::cli {
namespace {

// A backslash and a leading dot or quote would be requests, and a plain '-' is a hyphen that cannot
// be copied into a shell. Source: man-pages(7), "Conventions for source file layout".
std::string roff(std::string_view text) {
    std::string escaped;
    bool at_line_start = true;
    for (const char c : text) {
        if (at_line_start && (c == '.' || c == '\'')) {
            escaped += "\\&";
        }
        if (c == '\\') {
            escaped += "\\e";
        } else if (c == '-') {
            escaped += "\\-";
        } else {
            escaped += c;
        }
        at_line_start = c == '\n';
    }
    return escaped;
}

std::string option_entry(const CLI::Option& option) {
    const std::string name = option.get_name(option.get_positional(), true);
    const std::string value = option.get_type_size() == 0 || option.get_positional()
                                  ? std::string()
                                  : " \\fI" + roff(option.get_type_name()) + "\\fR";
    std::string text =
        fmt::format(".TP\n\\fB{}\\fR{}\n{}", roff(name), value, roff(option.get_description()));
    if (!option.get_default_str().empty()) {
        text += fmt::format(" (default: {})", roff(option.get_default_str()));
    }
    return text + "\n";
}

std::string options_of(const CLI::App& app) {
    std::string text;
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_group().empty()) {
            text += option_entry(*option);
        }
    }
    return text;
}

// One command, then the commands below it.
std::string command_section(
    const CLI::App& app, const std::string& name, const std::string& description
) {
    std::string text =
        fmt::format(".SS quern {}\n{}\n{}", roff(name), roff(description), options_of(app));
    if (!app.get_footer().empty()) {
        text += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(app.get_footer()));
    }
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
        text += command_section(*below, name + " " + below->get_name(), below->get_description());
    }
    return text;
}

constexpr std::string_view introduction =
    ".SH NAME\nquern \\- grind source into signed APK packages\n"
    ".SH SYNOPSIS\n.B quern\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n"
    ".SH DESCRIPTION\n"
    "A recipe (YAML) declares sources and steps. quern runs the steps in a sandbox, splits the "
    "result in packages, describes\n"
    "them, signs and indexes them in a local repository that apk and image builders install from.\n"
    "Results go to standard output, everything else to standard error.\n";

constexpr std::string_view closing =
    ".SH ENVIRONMENT\n"
    ".TP\n.B SOURCE_DATE_EPOCH\nDate of everything that is made, in seconds since 1970; beats "
    "\\-\\-build\\-date.\n"
    ".TP\n.B QUERN_CACHE_DIR\nWhere quern keeps roots, packages and sources, unless "
    "\\-\\-cache\\-root is given.\n"
    ".TP\n.B HTTP_AUTH\nbasic:HOST:USER:PASSWORD, sent to that host only.\n"
    ".TP\n.B NETRC\nFile with users and passwords of hosts, in the place of ~/.netrc.\n"
    ".TP\n.B NO_COLOR, CLICOLOR_FORCE\nNo colour, or colour although the output is no terminal.\n";

}  // namespace

std::string manual_page(const CLI::App& global) {
    std::string text = fmt::format(
        ".TH QUERN 1 \"\" \"quern {}\" \"User Commands\"\n{}", QUERN_VERSION, introduction
    );
    text += ".SH OPTIONS\n" + options_of(global) + ".SH COMMANDS\n";
    for (const CommandDefinition& definition : command_definitions()) {
        CLI::App app;
        const Run run = definition.define(app);
        app.footer(definition.examples);
        text += command_section(app, definition.name, definition.description);
    }
    text += ".SH EXIT STATUS\n";
    for (const StatusMeaning& status : status_meanings()) {
        text += fmt::format(".TP\n.B {}\n{}\n", status.status, roff(status.meaning));
    }
    return text + std::string(closing);
}

Run define_manual(CLI::App&) {
    return [](const Invocation&) -> Result<void> {
        CLI::App global;
        GlobalOptions options;
        add_global_flags(global, options);
        return print(manual_page(global));
    };
}

}  // namespace quern::cli
