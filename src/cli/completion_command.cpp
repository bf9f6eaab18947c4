// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Scripts for three shells, made from the same definitions that the command line is parsed by. File
// names are the fallback everywhere.

#include "cli/command.hpp"
#include "cli/terminal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace quern::cli {
namespace {

struct Words {
    std::string command;
    std::string description;
    std::vector<std::string> flags;
};

std::vector<Words> all_words() {
    std::vector<Words> all;
    for (const CommandDefinition& definition : command_definitions()) {
        CLI::App app;
        const Run run = definition.define(app);
        Words words{definition.name, definition.description, {}};
        for (const CLI::Option* option : app.get_options()) {
            if (option->get_group().empty()) {
                continue;
            }
            for (const std::string& name : option->get_lnames()) {
                words.flags.push_back("--" + name);
            }
            for (const std::string& name : option->get_snames()) {
                words.flags.push_back("-" + name);
            }
        }
        all.push_back(std::move(words));
    }
    return all;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string bash_script(const std::vector<Words>& all) {
    std::string commands;
    std::string cases;
    for (const Words& words : all) {
        commands += (commands.empty() ? "" : " ") + words.command;
        cases += fmt::format("        {}) flags=\"{}\" ;;\n", words.command, joined(words.flags));
    }
    return fmt::format(
        "_quern() {{\n"
        "    local current=\"${{COMP_WORDS[COMP_CWORD]}}\" flags=\"\"\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W \"{}\" -- \"$current\"))\n"
        "        return\n"
        "    fi\n"
        "    case \"${{COMP_WORDS[1]}}\" in\n{}    esac\n"
        "    case \"$current\" in\n"
        "        -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$current\")) ;;\n"
        "    esac\n"
        "}}\n"
        "complete -o default -F _quern quern\n",
        commands,
        cases
    );
}

std::string zsh_script(const std::vector<Words>& all) {
    std::string commands;
    std::string cases;
    for (const Words& words : all) {
        commands += fmt::format("        '{}:{}'\n", words.command, words.description);
        cases += fmt::format(
            "        {}) compadd -- {}; _files ;;\n", words.command, joined(words.flags)
        );
    }
    return fmt::format(
        "#compdef quern\n"
        "_quern() {{\n"
        "    local -a commands\n"
        "    commands=(\n{}    )\n"
        "    if (( CURRENT == 2 )); then\n"
        "        _describe command commands\n"
        "        return\n"
        "    fi\n"
        "    case \"$words[2]\" in\n{}    esac\n"
        "}}\n"
        "compdef _quern quern\n",
        commands,
        cases
    );
}

std::string fish_script(const std::vector<Words>& all) {
    std::string text;
    for (const Words& words : all) {
        text += fmt::format(
            "complete -c quern -n __fish_use_subcommand -f -a {} -d '{}'\n",
            words.command,
            words.description
        );
        for (const std::string& flag : words.flags) {
            const bool is_long = flag.starts_with("--");
            text += fmt::format(
                "complete -c quern -n '__fish_seen_subcommand_from {}' -{} {}\n",
                words.command,
                is_long ? "l" : "s",
                flag.substr(is_long ? 2 : 1)
            );
        }
    }
    return text;
}

}  // namespace

Run define_completion(CLI::App& app) {
    const auto shell = std::make_shared<std::string>();
    add_option(app, "shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(one_of({"bash", "zsh", "fish"}));
    return [shell](const Invocation&) -> Result<void> {
        const std::vector<Words> all = all_words();
        return print(
            *shell == "bash"  ? bash_script(all)
            : *shell == "zsh" ? zsh_script(all)
                              : fish_script(all)
        );
    };
}

}  // namespace quern::cli
